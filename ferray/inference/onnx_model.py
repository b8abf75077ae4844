"""`OnnxModel`: an exported network on onnxruntime. N = pictures, S = side in pixels, C = classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferray.config.optional_package import not_imported
from ferray.data.images import resize
from ferray.errors import CheckpointError
from ferray.files.os_errors import reading
from ferray.system.cores import num_threads
from ferray.text.commands import install_extra

ONNX_NAME = "model.onnx"
CLASSES = "classes"  # of the metadata of the file
LOGITS, PROBABILITIES = "logits", "probabilities"


class OnnxModel:
    """The file's answers to pictures of any size, each made square as in training; computed on CPU, in float32."""

    def __init__(self, file: Path) -> None:
        with reading(file, CheckpointError):
            content = file.read_bytes()
        self._session = _session(file, content)
        try:
            known = json.loads(self._session.get_modelmeta().custom_metadata_map[CLASSES])
            self._classes = tuple(map(str, known))
            self._sizes = {given.name: int(given.shape[1]) for given in self._session.get_inputs()}
        except (KeyError, TypeError, ValueError, IndexError) as error:
            message = f"`{file}` is an ONNX file, and not one that ferray wrote"
            raise CheckpointError(message, "export the trial again") from error

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of the columns."""
        return self._classes

    def probabilities(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, C)."""
        return self._run(PROBABILITIES, pictures)

    def logits(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, C), those of the predictor."""
        return self._run(LOGITS, pictures)

    def _run(self, output: str, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if not len(pictures):
            return np.empty((0, len(self._classes)), dtype=np.float32)
        given = {name: np.stack([resize(picture, size) for picture in pictures]) for name, size in self._sizes.items()}
        answered: NDArray[np.float32] = self._session.run([output], given)[0]
        return answered


def _session(file: Path, content: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        what = f"`{file}` is answered by the package `onnxruntime`, which"
        raise not_imported(what, error, f"`{install_extra('onnx')}`") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = num_threads(), 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class of its own for each of its codes
        raise CheckpointError(f"`{file}` is torn, or not an ONNX file", "export the trial again") from error
