"""A network as an ONNX file, its batch of any size. N = images, S = side in pixels, C = classes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from ferray.errors import ConfigError, FerrayError
from ferray.inference.onnx_model import CLASSES, LOGITS, PROBABILITIES
from ferray.text.commands import install_extra

OPSET = 18
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
INPUT = "images"


class _Answering(nn.Module):
    """Logits, and their softmax beside them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *images: Tensor) -> tuple[Tensor, Tensor]:
        logits_NC = self.network(*images)
        return logits_NC, logits_NC.softmax(dim=1)


def require_onnx() -> None:
    """ConfigError that says how to get them where packages that write and check ONNX are missing."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        hint = f"`{install_extra('onnx')}`, or pass `--no-onnx`"
        raise ConfigError(f"writing ONNX needs the package `{missing[0]}`", hint)


def write_onnx(file: Path, network: nn.Module, classes: Sequence[str], *, sizes: Sequence[int]) -> None:
    """Write uint8 RGB (N, S, S, 3) to logits and probabilities (N, C), the names of the classes in the metadata.

    The network takes the images at each of the `sizes`, for each of which the file has an input. FerrayError where
    torch's exporter cannot translate the network.
    """
    examples = tuple(torch.zeros(2, size, size, 3, dtype=torch.uint8) for size in sizes)
    batch = torch.export.Dim("batch", min=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's, of itself
            program = torch.onnx.export(
                _Answering(network).eval(),
                examples,
                input_names=[INPUT] if len(sizes) == 1 else [f"{INPUT}_{size}" for size in sizes],
                output_names=[LOGITS, PROBABILITIES],
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes={"images": tuple({0: batch} for _ in sizes)},
                verbose=False,
            )
    except Exception as error:  # the exporter raises a dozen kinds
        reason = str(error).strip().split("\n", 1)[0]
        raise FerrayError(f"torch cannot write this network as ONNX: {reason}", "pass `--no-onnx`") from error
    assert program is not None, "the exporter of today's torch returns its program"
    program.model.metadata_props[CLASSES] = json.dumps(list(classes))
    program.save(str(file), external_data=False)
