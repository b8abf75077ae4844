"""What a reader of the store is told of trials that have not ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ferray.errors import ConfigError
from ferray.study.history import DRIVER_DIED, NO_DRIVER, SweepReader, load_sweep
from ferray.study.lease import STALE_AFTER_S
from ferray.study.records import LEASE_ATTR, TrialRecord
from ferray.study.store import JOURNAL_NAME
from ferray.sweeps.driver import SweepDriver
from ferray.testing.curves import next_job, open_driver, run_curves, small_spec


def rising(_: object, fraction: float) -> float:
    return 0.1 + 0.5 * fraction


@pytest.fixture
def driver(tmp_path: Path) -> SweepDriver:
    """Of a sweep whose first trial has ended three of its four epochs."""
    driver = open_driver(tmp_path / "curves", small_spec())
    run_curves(driver, rising, most_epochs=3)
    return driver


def only_trial(folder: Path, *, later_s: float = 0.0) -> TrialRecord:
    (trial,) = SweepReader(folder, clock=lambda: time.time() + later_s).read().trials
    return trial


def test_running_trial_shows_its_epoch_and_its_value_so_far(driver: SweepDriver) -> None:
    trial = only_trial(driver.folder)
    assert (trial.state, trial.outcome, trial.epochs, trial.epochs_asked) == ("running", "running", 3, 4)
    assert trial.value == pytest.approx(0.1 + 0.5 * 0.75)


def test_running_trial_without_an_epoch_has_no_value(tmp_path: Path) -> None:
    owner = open_driver(tmp_path / "curves", small_spec())
    next_job(owner)
    trial = only_trial(owner.folder)
    assert (trial.epochs, trial.epochs_asked, trial.value) == (0, 4, None)


def test_epochs_between_two_steps_count_from_the_last_one(tmp_path: Path) -> None:
    owner = open_driver(tmp_path / "curves", small_spec(base={"epochs": 40}))
    run_curves(owner, rising, most_epochs=12)
    # Steps are reached at epochs 4, 7, 10, 14, ...: 12 * epoch // 40.
    assert only_trial(owner.folder).epochs == 10


def test_trial_of_a_driver_that_fell_silent_is_interrupted(driver: SweepDriver) -> None:
    trial = only_trial(driver.folder, later_s=STALE_AFTER_S + 60)
    assert (trial.state, trial.outcome, trial.message) == ("interrupted", "interrupted", DRIVER_DIED)
    assert (trial.epochs, trial.value) == (3, pytest.approx(0.475))


def test_trial_whose_driver_is_gone_from_this_host_is_interrupted_at_once(driver: SweepDriver) -> None:
    lease = driver.study._optuna.user_attrs[LEASE_ATTR]
    driver.study._optuna.set_user_attr(LEASE_ATTR, {**lease, "after": lease["stamp"], "pid": 2**22 + 1})
    assert only_trial(driver.folder).outcome == "interrupted"


def test_trial_that_nobody_drives_is_interrupted(driver: SweepDriver) -> None:
    driver.study.close()
    assert only_trial(driver.folder).message == NO_DRIVER


def test_record_says_who_drives(driver: SweepDriver) -> None:
    found = load_sweep(driver.folder).driver
    assert found is not None
    assert found.is_alive


def test_orphan_keeps_the_epochs_it_had(driver: SweepDriver) -> None:
    run_curves(open_driver(driver.folder, small_spec()), rising)
    orphan = load_sweep(driver.folder).trials[0]
    assert (orphan.outcome, orphan.epochs, orphan.value) == ("orphaned", 3, pytest.approx(0.475))


def test_reader_sees_what_was_added_since(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()), most_epochs=6)
    reader = SweepReader(folder)
    first = reader.read()
    run_curves(open_driver(folder, small_spec()))
    assert len(first.trials) < 10
    assert reader.read() == load_sweep(folder)


def test_reader_begins_anew_with_another_journal(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()))
    reader = SweepReader(folder)
    reader.read()
    (folder / JOURNAL_NAME).rename(folder / "aside")
    run_curves(open_driver(folder, small_spec(budget={"trials": 2})))
    assert [trial.state for trial in reader.read().trials] == ["complete"] * 2


def test_sweep_that_its_driver_is_still_writing_has_only_begun(driver: SweepDriver) -> None:
    journal = driver.folder / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(ConfigError, match="the sweep `curves` has only begun"):
        load_sweep(driver.folder)


def test_a_recorded_network_is_told_by_its_own_name(tmp_path: Path) -> None:
    spec = small_spec()
    space = {**spec.space, "backbone": {"one_of": [{"timm": {"name": "test_resnet"}}]}}
    owner = open_driver(tmp_path / "curves", small_spec(space=space))
    next_job(owner)
    trial = only_trial(owner.folder)
    assert (trial.params["backbone"], trial.told["backbone"]) == ("timm", "test_resnet")
