from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.errors import DataError
from ferray.events import EpochReport, OutlierReport, RemovedSample
from ferray.results.removals import Removals, best_with_removals, read_removals, write_tables
from ferray.study.records import TrialRecord
from ferray.testing.fake_sweep import TRIALS, append_history, sweep_record

RECORD = sweep_record()


def with_histories(sweep: Path, numbers: Iterable[int], *, removing: Iterable[int] = ()) -> Path:
    for number in numbers:
        folder = sweep / trial(number).folder
        for report in TRIALS[number].reports:
            append_history(folder, report)
        if number in removing:
            (folder / "removed.csv").touch()
    return sweep


def trial(number: int) -> TrialRecord:
    return next(trial for trial in RECORD.trials if trial.number == number)


@pytest.fixture
def removals(tmp_path: Path) -> Removals:
    return read_removals(with_histories(tmp_path, [0]), trial(0))


def test_every_epoch_that_the_rule_saw_is_a_look(removals: Removals) -> None:
    assert [(look.epoch, look.report.num_kept) for look in removals.looks] == [(1, 100), (2, 98), (3, 100)]


def test_a_round_is_a_look_that_removed(removals: Removals) -> None:
    assert [look.epoch for look in removals.rounds] == [2]


def test_removed_samples_are_counted_by_class(removals: Removals) -> None:
    assert removals.removed_by_class == (1, 1)


def test_wrong_labels_among_the_removed_are_counted(removals: Removals) -> None:
    assert removals.num_caught == 1


def test_nothing_is_said_of_wrong_labels_that_nobody_counted(removals: Removals) -> None:
    assert removals.num_mislabelled is None


def test_a_trial_without_a_finished_epoch_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="trial `2` has no history"):
        read_removals(tmp_path, trial(2))


def test_the_best_that_removed_is_chosen(tmp_path: Path) -> None:
    found = best_with_removals(with_histories(tmp_path, [0, 1, 4], removing=[0, 1]), RECORD)
    assert found is not None
    assert found.number == 0


def test_none_is_chosen_where_none_removed(tmp_path: Path) -> None:
    assert best_with_removals(with_histories(tmp_path, [0, 4]), RECORD) is None


def test_the_removed_are_written_a_line_each(tmp_path: Path, removals: Removals) -> None:
    path, _ = write_tables(tmp_path / "to", removals)
    assert path.read_text().splitlines() == [
        "epoch,fold,sample_id,name,label,predicted,loss,truly_mislabelled",
        "2,0,7,happy_007.png,Happy,Sad,1.9,true",
        "2,0,31,sad_031.png,Sad,Happy,1.7,false",
    ]


def test_the_variances_are_written_a_line_each(tmp_path: Path, removals: Removals) -> None:
    _, path = write_tables(tmp_path / "to", removals)
    assert path.read_text().splitlines()[1:3] == ["1,0,0.5,100,0,", "2,0,0.25,98,2,variance below threshold"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, removals: Removals) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write_tables(tmp_path / "file", removals)


# Two folds of two epochs, each removing the same sample after its first.
SAMPLE = RemovedSample(7, "a", label=0, predicted=1, loss=1.0)
FOLDED = [
    EpochReport(
        epoch=epoch,
        epochs=4,
        metrics={},
        confusion=((1, 0), (0, 1)),
        classes=("Happy", "Sad"),
        num_train=10 + epoch,
        fold=(epoch - 1) // 2,
        folds=2,
        outliers=OutlierReport(
            1, variance=math.nan, num_kept=9, removed=(SAMPLE,) if epoch in (1, 3) else (), num_mislabelled=epoch
        ),
    )
    for epoch in (1, 2, 3, 4)
]


@pytest.fixture
def folded(tmp_path: Path) -> Removals:
    cross_validated = replace(trial(0), folder="folded")
    for report in FOLDED:
        append_history(tmp_path / "folded", report)
    return read_removals(tmp_path, cross_validated)


def test_epochs_of_folds_count_through(folded: Removals) -> None:
    assert [(gone.fold, gone.epoch) for gone in folded.removed] == [(0, 1), (1, 3)]


def test_training_samples_are_those_at_the_start_of_each_fold(folded: Removals) -> None:
    assert folded.num_train == {0: 11, 1: 13}


def test_wrong_labels_are_those_at_the_first_look_of_each_fold(folded: Removals) -> None:
    assert folded.num_mislabelled == 1 + 3


def test_nothing_is_said_of_labels_that_nobody_knows(folded: Removals) -> None:
    assert folded.num_caught is None


def test_a_variance_that_is_no_number_is_an_empty_cell(tmp_path: Path, folded: Removals) -> None:
    _, path = write_tables(tmp_path / "to", folded)
    assert path.read_text().splitlines()[1] == "1,0,,9,1,"
