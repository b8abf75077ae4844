"""What the record keeps of a cross-validated trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.events import EpochReport, Outcome, OutcomeKind
from ferray.results.leaderboard import rank
from ferray.results.trial_intervals import accuracy_interval, value_interval
from ferray.study.history import load_sweep, read_sweep
from ferray.study.records import SweepRecord
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.testing.curves import as_told
from tests.study.test_wilcoxon import decisions, study


@pytest.fixture
def record(tmp_path: Path) -> SweepRecord:
    owner = study(tmp_path / "x", "none")
    decisions(owner, [0.4, 0.5, 0.6, 0.5, 0.5])
    return load_sweep(tmp_path / "x")


def test_the_value_is_the_mean_of_the_folds(record: SweepRecord) -> None:
    assert record.trials[0].value == pytest.approx(0.5)


def test_every_fold_is_kept(record: SweepRecord) -> None:
    assert [(fold.fold, fold.value, fold.num_val) for fold in record.trials[0].folds][:2] == [
        (0, 0.4, 10),
        (1, 0.5, 10),
    ]


def test_confusions_add_up(record: SweepRecord) -> None:
    assert record.trials[0].confusion == ((15, 5), (10, 20))


def test_the_interval_takes_folds_for_dependent(record: SweepRecord) -> None:
    # s^2 = 0.02 / 4; t(0.975, 4) = 2.776445; reach = 2.776445 * sqrt(0.005 * (1 / 5 + 10 / 40)) = 0.131697
    assert value_interval(record.trials[0], "val/uar") == pytest.approx((0.5 - 0.131697, 0.5 + 0.131697), abs=1e-5)


def test_the_leaderboard_says_how_many_folds(record: SweepRecord) -> None:
    assert "(5 folds, sd 0.071)" in rank(record).rows[0][2]


def test_a_fold_counts_by_its_best_epoch(tmp_path: Path) -> None:
    owner = study(tmp_path / "x", "none")
    number = owner.ask().number
    for report in as_told(two_epochs(epoch, uar) for epoch, uar in enumerate([0.4, 0.3, 0.1, 0.2], start=1)):
        owner.report(number, report)
    owner.finish(number, Outcome(OutcomeKind.COMPLETED))
    assert [fold.epoch for fold in load_sweep(tmp_path / "x").trials[0].folds] == [1, 4]


def two_epochs(epoch: int, uar: float) -> EpochReport:
    """Of a trial of two folds of two epochs."""
    return EpochReport(
        epoch=epoch,
        epochs=4,
        metrics={"val/uar": uar},
        confusion=((3, 1), (2, 4)),
        classes=("a", "b"),
        num_train=10,
        fold=(epoch - 1) // 2,
        folds=2,
    )


def test_a_plain_trial_has_no_folds(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    owner = Study(study(tmp_path / "y", "none").spec, store)
    number = owner.ask().number
    owner.report(number, EpochReport(1, 1, {"val/uar": 0.3}, ((1, 0), (0, 1)), ("a", "b"), 5, is_best=True))
    owner.finish(number, Outcome(OutcomeKind.COMPLETED))
    assert read_sweep(store, "x").trials[0].folds == ()


def test_an_accuracy_stays_a_share(tmp_path: Path) -> None:
    owner = study(tmp_path / "x", "none")
    decisions(owner, [0.0, 0.9, 0.0, 0.9, 0.0])
    # 0.36 and 2.776 * sqrt(0.243 * (1 / 5 + 1 / 4)) = 0.918 to both sides
    assert accuracy_interval(load_sweep(tmp_path / "x").trials[0]) == (0.0, 1.0)


def test_epochs_of_all_folds_are_asked_for(record: SweepRecord) -> None:
    assert (record.trials[0].epochs, record.trials[0].epochs_asked) == (5, 5)
