"""Three trials in one worker on both launchers: pruned, failing and killed, and what goes on is exactly what it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from optuna.pruners import BasePruner

from ferray import registry
from ferray.config.space import ARM
from ferray.registry import ROOMS
from ferray.study.history import load_sweep
from ferray.study.records import TrialRecord
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.loop import run_trials
from ferray.testing.curves import open_driver, small_spec
from ferray.testing.faulty import install

EPOCHS = 20
LAUNCHERS = ["inline", pytest.param("ray", marks=pytest.mark.ray)]
TIMES = {"seconds", "images_per_s"}
PLAIN: dict[str, Any] = {"plain": {}}
BROKEN: dict[str, Any] = {"broken": {"imbalance": {"explodes": {"from_epoch": 3}}}}
WEAK: dict[str, Any] = {"weak": {"optimizer.lr": 1e-6}}


class StopsWeak(BasePruner):
    """Stops one arm in the second of five epochs."""

    def prune(self, study: Any, trial: Any) -> bool:
        return bool(trial.params[ARM] == "weak" and trial.last_step >= 3)


def bundled(folder: Path, arms: dict[str, Any], *, epochs: int = EPOCHS, trials_per_worker: int = 3) -> SweepDriver:
    """A sweep of one trial an arm, all of which share a worker."""
    base = {"image_size": 32, "backbone": {"tiny_cnn": {"width": 4, "depth": 3}}, "batch_size": 16, "epochs": epochs}
    spec = small_spec(
        base={**base, "head": {"linear": {"dropout": 0.2}}},
        dataset={"demo": {"num_train": 70, "num_val": 35, "num_test": 7}},
        arms=arms,
        space={},
        budget={"trials": len(arms)},
    )
    driver = open_driver(folder / "bundled", spec, device="cpu", trials_per_worker=trials_per_worker)
    driver.study._optuna.pruner = StopsWeak()
    (driver.folder / "trials").mkdir(exist_ok=True)
    return driver


def train(folder: Path, launcher: str, arms: dict[str, Any], **how: Any) -> dict[str, TrialRecord]:
    """Run the sweep to its end; the last attempt at each arm."""
    driver = bundled(folder, arms, **how)
    run_trials(driver, ROOMS["launcher"].load(launcher)(driver.runtime))
    driver.study.close()
    return {str(trial.params[ARM]): trial for trial in load_sweep(driver.folder).trials}


def epochs_of(folder: Path, trial: TrialRecord) -> list[dict[str, Any]]:
    """What every epoch of a trial was, less the times."""
    lines = (folder / "bundled" / trial.folder / "history.jsonl").read_text().splitlines()
    metrics = [json.loads(line)["metrics"] for line in lines]
    return [{name: value for name, value in epoch.items() if name not in TIMES} for epoch in metrics]


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Components that misbehave, here and in every process that is started."""
    plugin = install(tmp_path / "plugin")
    monkeypatch.syspath_prepend(plugin)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(plugin), os.environ.get("PYTHONPATH")))))
    room: Any = type(ROOMS["imbalance"])  # as it is before its first look for plug-ins
    monkeypatch.setattr(room, "_entry_points", room._entry_points.__wrapped__)
    monkeypatch.setattr(registry, "_all_entry_points", metadata.entry_points)


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_one_is_pruned_one_fails_and_the_other_is_unharmed(tmp_path: Path, launcher: str) -> None:
    trials = train(tmp_path / "together", launcher, {**BROKEN, **PLAIN, **WEAK}, epochs=5)
    outcomes = {arm: trial.outcome for arm, trial in trials.items()}
    assert outcomes == {"plain": "completed", "broken": "failed", "weak": "pruned"}
    alone = train(tmp_path / "alone", "inline", PLAIN, epochs=5, trials_per_worker=1)
    assert epochs_of(tmp_path / "together", trials["plain"]) == epochs_of(tmp_path / "alone", alone["plain"])
    assert [trials[arm].epochs for arm in ("broken", "weak")] == [2, 2]


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_killed_driver_goes_on_with_each_trial_exactly(tmp_path: Path, launcher: str) -> None:
    killed = tmp_path / "killed"
    held = {"imbalance": {"waits": {"unless": str(killed), "from_epoch": 5}}}
    arms = {**PLAIN, "slow": {"optimizer.lr": 1e-4}, "large": {"batch_size": 32, **held}}
    act = f"from tests.launch.test_bundles import train, Path; train(Path({str(tmp_path)!r}), {launcher!r}, {arms!r})"
    with subprocess.Popen([sys.executable, "-c", act], stderr=subprocess.DEVNULL) as process:
        until_trained(tmp_path, epochs=4)
        os.kill(process.pid, signal.SIGKILL)
    killed.touch()
    trials = train(tmp_path, launcher, arms)
    whole = train(tmp_path / "whole", "inline", arms)
    assert {trial.outcome for trial in trials.values()} == {"completed"}
    for arm, trial in trials.items():
        assert trial.number > 2
        assert epochs_of(tmp_path, trial) == epochs_of(tmp_path / "whole", whole[arm])


@pytest.mark.ray
@pytest.mark.usefixtures("faulty")
def test_killed_worker_costs_no_trial_and_each_goes_on_apart(tmp_path: Path) -> None:
    died = tmp_path / "died"
    arms = {**PLAIN, "deadly": {"imbalance": {"dies": {"unless": str(died), "once": True, "from_epoch": 5}}}}
    trials = train(tmp_path, "ray", arms)
    whole = train(tmp_path / "whole", "inline", arms)
    records = load_sweep(tmp_path / "bundled").trials
    assert [trial.outcome for trial in records] == ["interrupted", "interrupted", "completed", "completed"]
    assert [trial.reason for trial in records[:2]] == ["worker lost", "worker lost"]
    for arm, trial in trials.items():
        assert epochs_of(tmp_path, trial) == epochs_of(tmp_path / "whole", whole[arm])


def until_trained(folder: Path, *, epochs: int) -> None:
    """Until some trial has as many epochs behind it."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        if any(file.read_text().count("\n") >= epochs for file in folder.glob("bundled/trials/*/history.jsonl")):
            return
        time.sleep(0.02)
    raise AssertionError("no trial got that far")
