"""A warm worker is as clean as a fresh one."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.testing.trials import demo_config, demo_job
from ferray.training.process_state import ProcessState
from ferray.training.worker import TrialWorker

SWITCHES: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "default dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "gradients": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "autocast": (lambda: torch.set_autocast_enabled("cpu", True), lambda: torch.is_autocast_enabled("cpu")),
    "cudnn benchmark": (
        lambda: setattr(torch.backends.cudnn, "benchmark", True),
        lambda: torch.backends.cudnn.benchmark,
    ),
    "determinism": (
        lambda: torch.use_deterministic_algorithms(True),
        torch.are_deterministic_algorithms_enabled,
    ),
    "matmul precision": (
        lambda: torch.set_float32_matmul_precision("medium"),
        torch.get_float32_matmul_precision,
    ),
    "torch's generator": (lambda: torch.rand(3), torch.initial_seed),
    "numpy's generator": (lambda: np.random.rand(3), lambda: np.random.get_state()[2]),  # noqa: NPY002
    "python's generator": (random.random, random.getstate),
}


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    state = ProcessState.capture()
    yield
    state.restore()


@pytest.mark.parametrize("name", SWITCHES)
def test_switch_is_put_back(name: str) -> None:
    disturb, look = SWITCHES[name]
    state, before = ProcessState.capture(), look()
    disturb()
    state.restore()
    assert look() == before


def test_determinism_that_nobody_touched_is_not_set_which_would_import_a_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda *_: pytest.fail("set"))
    ProcessState.capture().restore()


def trained(folder: Path, cache: Path) -> EpochReport:
    folder.parent.mkdir(exist_ok=True)
    config = demo_config(num_train=70, num_val=35, image_size=32, batch_size=16, epochs=1)
    worker = TrialWorker(demo_job(folder, cache, config))
    report = worker.step()
    worker.close()
    assert isinstance(report, EpochReport), report
    return report


def test_trial_after_one_that_left_everything_upset_gives_the_same_numbers(tmp_path: Path, cache: Path) -> None:
    clean = trained(tmp_path / "trials/0000", cache)
    worker = TrialWorker(TrialJob(number=1, config={}, folder=str(tmp_path / "trials/0001")))
    for disturb, _ in SWITCHES.values():
        disturb()
    worker.close()
    assert trained(tmp_path / "trials/0002", cache).metrics["val/loss"] == clean.metrics["val/loss"]


def test_trials_leave_no_file_open(tmp_path: Path, cache: Path) -> None:
    def open_files() -> set[str]:
        """Not those of other tests, whose studies may still be looked after by a thread."""
        paths = {Path(file.path) for file in psutil.Process().open_files()}
        return {str(path) for path in paths if path.is_relative_to(tmp_path) or path.is_relative_to(cache)}

    trained(tmp_path / "trials/0000", cache)
    before = open_files()
    trained(tmp_path / "trials/0001", cache)
    trained(tmp_path / "trials/0002", cache)
    assert open_files() - before == set()


def test_trials_leave_no_tensor_behind(tmp_path: Path, cache: Path) -> None:
    def num_tensors() -> int:
        gc.collect()
        return sum(issubclass(type(item), torch.Tensor) for item in gc.get_objects())

    trained(tmp_path / "trials/0000", cache)
    before = num_tensors()
    trained(tmp_path / "trials/0001", cache)
    assert num_tensors() <= before
