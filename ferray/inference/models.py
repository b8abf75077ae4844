"""What answers: a checkpoint by torch, or an exported folder by onnxruntime, which needs no torch at all."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ferray.errors import ConfigError, did_you_mean
from ferray.files.readable import Readable
from ferray.inference.onnx_model import ONNX_NAME, OnnxModel
from ferray.text.commands import install_extra

if TYPE_CHECKING:
    from ferray.artifacts.trial import TrialArtifacts

Picture = NDArray[np.uint8]
RUNTIMES = ("auto", "torch", "onnx")


class Model(Protocol):
    """A trained model, as files are answered by it. N = pictures, C = classes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of an answer's columns."""

    def probabilities(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, C) of RGB pictures (H, W, 3) of any size."""


def open_model(path: Readable | TrialArtifacts, *, runtime: str, device: str) -> Model:
    """The model in a file or in an exported folder, or the ensemble that lies at `path`.

    `auto` takes onnxruntime where it is installed and the folder has a file for it, unless a GPU is asked for.
    ConfigError for a runtime of no name or one that cannot be had here; errors of `load_predictor`.
    """
    if runtime not in RUNTIMES:
        raise ConfigError(f"`{runtime}` is no runtime", did_you_mean(runtime, RUNTIMES))
    file = _onnx_file(path)
    if runtime == "onnx" and file is None:
        hint = "export the model, and name the folder; or pass `--runtime torch`"
        raise ConfigError(f"`{path}` holds no `{ONNX_NAME}`", hint)
    if runtime == "onnx" and find_spec("onnxruntime") is None:
        raise ConfigError("`--runtime onnx` needs the package `onnxruntime`", f"`{install_extra('onnx')}`")
    takes_onnx = runtime == "onnx" or (runtime == "auto" and device != "cuda" and find_spec("onnxruntime") is not None)
    if file is not None and (takes_onnx or file == path):
        return OnnxModel(file)
    from ferray.inference.torch_model import TorchModel

    return TorchModel(path, device)


def _onnx_file(path: Readable | TrialArtifacts) -> Path | None:
    if not isinstance(path, Path):
        return None
    file = path / ONNX_NAME if path.is_dir() else path
    return file if file.suffix == ".onnx" and file.is_file() else None
