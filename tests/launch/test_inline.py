"""The inline launcher."""

from __future__ import annotations

import gc
import socket
from pathlib import Path

import pytest

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.launch.inline import Inline
from ferray.study.history import load_sweep
from ferray.sweeps.loop import run_trials
from ferray.testing.curves import open_driver, small_spec


def test_cuda_without_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ClusterError, match="no CUDA device"):
        Inline(Runtime(device="cuda")).check()


def test_record_says_which_host_trained_a_trial(tmp_path: Path) -> None:
    base = {"image_size": 32, "backbone": {"tiny_cnn": {"width": 4, "depth": 2}}, "batch_size": 70, "epochs": 1}
    spec = small_spec(
        base=base, dataset={"demo": {"num_train": 70, "num_val": 35, "num_test": 7}}, space={}, budget={"trials": 1}
    )
    driver = open_driver(tmp_path / "curves", spec, device="cpu")
    run_trials(driver, Inline(driver.runtime))
    assert load_sweep(driver.folder).trials[0].host == socket.gethostname()


def test_nothing_happens_where_nothing_was_started() -> None:
    assert Inline(Runtime(device="cpu")).poll() == []


def test_cpu_is_always_to_be_had() -> None:
    assert str(Inline(Runtime(device="cpu", cpus_per_trial=2)).check()) == "1 trial at a time, 2 cores"


def test_ends_of_trials_pass_over_libraries_until_the_launcher_closes() -> None:
    gc.unfreeze()
    with Inline(Runtime(device="cpu")).opened(lambda _: None):
        assert gc.get_freeze_count() > 100_000
    assert gc.get_freeze_count() == 0


def test_what_others_have_passed_over_stays_so() -> None:
    gc.freeze()
    with Inline(Runtime(device="cpu")).opened(lambda _: None):
        pass
    assert gc.get_freeze_count() > 100_000
