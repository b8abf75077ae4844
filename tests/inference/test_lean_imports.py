"""A process of its own, since what is imported in this one depends on the tests before."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import sys
from ferray.inference.lean_imports import without_compiler

with without_compiler():
    import timm
network = timm.create_model("mobilenetv3_small_050", num_classes=7).eval()
import torch
with torch.inference_mode():
    print(tuple(network(torch.zeros(1, 3, 32, 32)).shape))
print([name for name in ("torch._dynamo", "wandb", "sympy") if name in sys.modules])
from torchvision.ops.roi_align import is_compile_supported
print(is_compile_supported("cpu"), torch._dynamo.__file__ is not None)
with without_compiler():
    print(sys.modules["torch._dynamo"] is torch._dynamo)
"""


@pytest.fixture(scope="module")
def said() -> list[str]:
    command = [sys.executable, "-c", PROBE]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.splitlines()


def test_a_network_of_timm_answers(said: list[str]) -> None:
    assert said[0] == "(1, 7)"


def test_neither_the_compiler_nor_a_tracker_is_imported(said: list[str]) -> None:
    assert said[1] == "[]"


def test_who_asks_for_the_compiler_later_has_the_real_one(said: list[str]) -> None:
    assert said[2] == "True True"


def test_what_is_imported_already_stays(said: list[str]) -> None:
    assert said[3] == "True"
