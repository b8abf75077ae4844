"""Processes of their own, since what is imported in this one depends on the tests before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import ferray
from ferray.system.lean_imports import absent

ROOT = Path(ferray.__file__).parent.parent

PROBE = """
import sys
from ferray.system.lean_imports import COMPILER, import_lean

import_lean()
import timm
import timm.optim
import torch

network = timm.create_model("mobilenetv3_small_050", num_classes=7)
optimizer = torch.optim.AdamW(network.parameters())
optimizer.zero_grad()
network(torch.zeros(2, 3, 32, 32)).sum().backward()
optimizer.step()
print(tuple(network.eval()(torch.zeros(1, 3, 32, 32)).shape))
stand_in = sys.modules[COMPILER]
print([name for name in ("wandb", "torch._inductor", "torch._dynamo.eval_frame") if name in sys.modules])
print(type(timm.__loader__).__name__, timm.__spec__.loader is timm.__loader__)

zero_grad = optimizer.zero_grad
times_two = torch.compile(lambda x: 2 * x, backend="eager")
print(times_two(torch.ones(1)).item(), sys.modules[COMPILER] is not stand_in, torch._dynamo is sys.modules[COMPILER])
print(torch._dynamo.config.cache_size_limit, stand_in.optimize is torch._dynamo.optimize)
zero_grad()
optimizer.step()
import_lean()
print(sys.modules[COMPILER] is torch._dynamo, sum(type(each).__name__ == "_LeanFinder" for each in sys.meta_path))
import wandb
print(wandb.__version__ > "")
"""
PART = """
from ferray.system.lean_imports import import_lean

import_lean()
import torch._dynamo.frames

frames = torch._dynamo.frames
print(frames is torch._dynamo.first, frames.__spec__.origin == frames.__file__)
"""


def said_by(probe: str, folder: Path = ROOT) -> list[str]:
    command = [sys.executable, "-W", "error", "-c", probe]
    paths = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True, env={**os.environ, **paths})
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def said() -> list[str]:
    return said_by(PROBE)


def test_a_network_of_timm_takes_a_step_and_answers(said: list[str]) -> None:
    assert said[0] == "(1, 7)"


def test_neither_the_compiler_nor_a_tracker_is_imported_for_a_step(said: list[str]) -> None:
    assert said[1] == "[]"


def test_the_import_system_sees_timm_as_ever(said: list[str]) -> None:
    assert said[2] == "SourceFileLoader True"


def test_who_compiles_has_the_real_compiler(said: list[str]) -> None:
    assert said[3] == "2.0 True True"


def test_the_real_compiler_has_the_settings_that_its_stand_in_was_given(said: list[str]) -> None:
    assert said[4] == "1000000 True"


def test_a_compiler_that_is_imported_stays(said: list[str]) -> None:
    assert said[5] == "True 1"


def test_w_and_b_is_there_for_everybody_but_timm(said: list[str]) -> None:
    assert said[6] == "True"


def test_a_part_of_the_compiler_is_loaded_once(tmp_path: Path) -> None:
    (tmp_path / "torch/_dynamo").mkdir(parents=True)
    (tmp_path / "torch/__init__.py").touch()
    (tmp_path / "torch/_dynamo/__init__.py").write_text("from . import config, frames\nfirst = frames\n")
    (tmp_path / "torch/_dynamo/config.py").touch()
    (tmp_path / "torch/_dynamo/frames.py").touch()
    assert said_by(PART, tmp_path) == ["True True"]


def test_an_absent_package_is_there_again_afterwards() -> None:
    sys.modules.pop("wave", None)
    with absent("wave"), pytest.raises(ImportError):
        import_module("wave")
    assert import_module("wave").__name__ == "wave"


def test_a_package_that_was_imported_before_stays() -> None:
    with absent("json"):
        assert import_module("json") is json
