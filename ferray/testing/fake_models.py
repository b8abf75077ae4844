"""Models that answer at once, for tests of what is asked of them. N = pictures, S = side in pixels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

CLASSES = ("Red", "Green", "Blue")


@dataclass
class ColourModel:
    """Says of each picture how much of it is red, green and blue; `batches` counts what it was asked at a time."""

    classes: tuple[str, ...] = CLASSES
    batches: list[int] = field(default_factory=list)

    def probabilities(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, 3)."""
        self.batches.append(len(pictures))
        means = [picture.reshape(-1, 3).mean(axis=0) + 1e-3 for picture in pictures]
        return np.array([mean / mean.sum() for mean in means], dtype=np.float32).reshape(-1, 3)


def write_colour_onnx(file: Path, *, size: int = 4, metadata: bool = True) -> Path:
    """An ONNX file whose logits are the mean colour of pictures (N, S, S, 3), as `ferray export` names its parts."""
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["batch", size, size, 3])
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", 3]) for n in ("logits", "probabilities")]
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2])
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["logits"], keepdims=0),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(nodes, "colours", [images], outputs, initializer=[axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if metadata:
        helper.set_model_props(model, {"classes": json.dumps(CLASSES)})
    onnx.save(model, str(file))
    return file
