"""A trained trial as one `.safetensors` file: its tensors, and all the rest as JSON in the metadata."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ferray.artifacts.trial import BEST_CHECKPOINT, TrialArtifacts
from ferray.errors import CheckpointError, ConfigError
from ferray.files.atomic import write_bytes
from ferray.files.os_errors import reading, writing
from ferray.files.readable import Readable
from ferray.training.checkpoint import FORMAT

_KEY, _TENSOR = "ferray", "$tensor"  # of the metadata | of what stands in the JSON for a tensor
_EXPORT_AGAIN = "export it again from its best.pt"
MARK = f"best/{FORMAT}"  # what a best.pt begins with
SUFFIX, NAME = ".safetensors", "model.safetensors"


def predictor_file(path: str | Path | Readable) -> Readable:
    """What a predictor is read from: the file itself, or that of a folder which holds one.

    CheckpointError for a folder without any, ConfigError for what is no file.
    """
    if not isinstance(path, str) and not (hasattr(path, "open") and hasattr(path, "name")):
        raise ConfigError(f"`{path}` is no file", "give the path of a best.pt, of a `.safetensors` file or of a folder")
    if not isinstance(path, str | Path) or not Path(path).is_dir():
        return Path(path) if isinstance(path, str) else path
    for name in (BEST_CHECKPOINT, NAME):
        if (file := Path(path) / name).is_file():
            return file
    fold = TrialArtifacts.at(str(path)).fold(0).best
    hint = f"each of its folds has one, such as `{fold}`" if fold.exists() else "name the folder of a completed trial"
    raise CheckpointError(f"`{path}` holds neither a `{BEST_CHECKPOINT}` nor a `{NAME}`", hint)


def is_exported(file: Readable) -> bool:
    """Whether a file is called as one of these."""
    return file.name.endswith(SUFFIX)


def write_export(path: Path, state: dict[str, Any], tensor_names: Mapping[str, str] = MappingProxyType({})) -> Path:
    """Write a state to the file, or into the folder, at `path`; the file.

    `tensor_names` are those of weights that are to lie there under others than their own.

    ConfigError for a name of another kind, StorageError where it cannot be written.
    """
    if path.suffix and path.suffix != SUFFIX and not path.is_dir():
        raise ConfigError(f"`{path}` is not the name of a `{SUFFIX}` file", f"call it `{path.with_suffix(SUFFIX)}`")
    file = path if path.suffix == SUFFIX and not path.is_dir() else path / NAME
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, _packed(state, tensor_names))
    return file


def _packed(state: dict[str, Any], tensor_names: Mapping[str, str]) -> bytes:
    """The content of a file with this state of plain containers and tensors.

    The weights of a network keep their own names (`backbone.…`, `head.…`), or have those that another program looks
    for; other tensors are called by where they lie in the state. What is not a finite number is text in the JSON.
    """
    tensors: dict[str, Tensor] = {}
    weights = {name: tensor for name, tensor in state.get("model", {}).items() if isinstance(tensor, Tensor)}
    lies_as = {tensor_names.get(name, name): name for name in weights}
    assert len(lies_as) == len(weights), "two weights under one name"
    plain = {
        _KEY: MARK,
        **{name: _plain(value, name, tensors) for name, value in state.items() if name != "model"},
        **({"model": lies_as if tensor_names else list(weights)} if weights else {}),
    }
    named = {lying: weights[name] for lying, name in lies_as.items()}
    packed = {name: _own(tensor) for name, tensor in {**tensors, **named}.items()}
    return save(packed, {"format": "pt", _KEY: json.dumps(plain, allow_nan=False)})


def read_export(file: Readable) -> dict[str, Any]:
    """The state that was written to `file`; CheckpointError for a missing, torn or foreign file."""
    with reading(file, CheckpointError), file.open("rb") as stream:
        content = stream.read()
    try:
        tensors = load(content)
        known = json.loads(_metadata(content)[_KEY])
    except KeyError as error:
        message = f"`{file}` holds weights, and not what ferray needs to use them"
        raise CheckpointError(message, "export a best.pt with `load_predictor(best_pt).save(file)`") from error
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(f"`{file}` is torn, or not a safetensors file", _EXPORT_AGAIN) from error
    if not isinstance(known, dict) or known.get(_KEY) != MARK:
        raise CheckpointError(f"`{file}` is not of this version of ferray", _EXPORT_AGAIN)
    try:
        model = _weights(known.pop("model", ()), tensors)
        state: dict[str, Any] = _with_tensors(known, tensors)
    except (LookupError, TypeError, AttributeError) as error:
        raise CheckpointError(f"`{file}` lacks parts that it names", _EXPORT_AGAIN) from error
    return {**state, "model": model} if model else state


def _weights(names: Any, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights by their own names: a list of those, or a mapping to them of the names they lie under."""
    lies_as = names if isinstance(names, dict) else {name: name for name in names}
    return {name: tensors[lying] for lying, name in lies_as.items()}


def _metadata(content: bytes) -> dict[str, str]:
    """What safetensors keeps beside the tensors: a JSON header, whose length is the first eight bytes."""
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    return metadata


def _plain(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = value
        return {_TENSOR: name}
    if isinstance(value, dict):
        return {key: _plain(part, f"{name}.{key}", tensors) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, f"{name}.{index}", tensors) for index, part in enumerate(value)]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _with_tensors(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_TENSOR}:
            return tensors[value[_TENSOR]]
        return {key: _with_tensors(part, tensors) for key, part in value.items()}
    return [_with_tensors(part, tensors) for part in value] if isinstance(value, list) else value


def _own(tensor: Tensor) -> Tensor:
    """A copy that shares memory with no other tensor, which safetensors refuses."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
