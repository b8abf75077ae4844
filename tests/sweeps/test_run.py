"""A sweep that cannot begin as asked leaves nothing behind that would keep the next one out."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import optuna
import pytest

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.study.lease import driver_of
from ferray.study.records import DriverRecord, SweepRecord
from ferray.study.samplers import random
from ferray.study.store import open_store
from ferray.sweeps.run import run_sweep
from ferray.testing.curves import Curves, saturating, small_spec
from ferray.track import tensorboard

TINY = {"image_size": 16, "backbone": {"tiny_cnn": {"width": 4, "depth": 2}}, "batch_size": 14, "epochs": 1}
FACES = {"demo": {"num_train": 28, "num_val": 14, "num_test": 7}}


def spec() -> SweepSpec:
    return small_spec(name="tiny", dataset=FACES, base=TINY, space={}, budget={"trials": 1})


def run(output: Path) -> SweepRecord:
    return run_sweep(spec(), Runtime(output=output, launcher="inline", device="cpu", trackers=("tensorboard",)))


def driver_in(folder: Path) -> DriverRecord | None:
    study = optuna.load_study(study_name="tiny", storage=open_store(folder))
    return driver_of(study.user_attrs, time.time())


@pytest.fixture
def earlier() -> set[threading.Thread]:
    """Threads that other tests have left."""
    return set(threading.enumerate())


def lease_keepers(earlier: set[threading.Thread]) -> list[str]:
    return [thread.name for thread in set(threading.enumerate()) - earlier if thread.name == "ferray-lease"]


def test_tracker_that_cannot_be_built_is_left_out_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object, folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "tensorboard"))

    monkeypatch.setattr(tensorboard.TensorBoard, "__init__", fail)
    assert [trial.outcome for trial in run(tmp_path).trials] == ["completed"]
    assert "warning: the tracker tensorboard is left out: PermissionError" in capsys.readouterr().err


def test_tracker_that_is_not_installed_leaves_no_lease_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: set[threading.Thread]
) -> None:
    monkeypatch.setattr("ferray.track.tensorboard.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="needs the package `tensorboard`"):
        run(tmp_path)
    assert driver_in(tmp_path / "tiny") is None
    assert lease_keepers(earlier) == []


def test_study_that_cannot_be_opened_leaves_no_lease_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: set[threading.Thread]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(random.Random, "build", fail)
    with pytest.raises(RuntimeError, match="no such kernel"):
        run(tmp_path)
    assert driver_in(tmp_path / "tiny") is None
    assert lease_keepers(earlier) == []


def rates_of(output: Path, *, trials: int, first: list[dict[str, float]]) -> list[float]:
    """The rates of a TPE sweep on curves, in the order in which they were asked."""
    space = {"optimizer.lr": {"log_uniform": [1e-5, 1e-1]}}
    searched = small_spec(sampler="tpe", dataset=FACES, base=TINY, space=space, budget={"trials": trials})
    runtime = Runtime(output=output, launcher="inline", device="cpu", trackers=())
    record = run_sweep(searched, runtime, first=first, launcher=Curves(runtime, saturating))
    return [trial.params["optimizer.lr"] for trial in record.trials]


def test_new_sweep_begins_in_the_middle_once(tmp_path: Path) -> None:
    assert rates_of(tmp_path, trials=2, first=[])[0] == pytest.approx(1e-3)
    assert rates_of(tmp_path, trials=4, first=[]).count(pytest.approx(1e-3)) == 1


def test_what_a_user_asks_first_takes_the_place_of_the_middle(tmp_path: Path) -> None:
    rates = rates_of(tmp_path, trials=3, first=[{"optimizer.lr": 2e-4}])
    assert rates[0] == 2e-4
    assert pytest.approx(1e-3) not in rates
