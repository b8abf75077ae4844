"""Which epochs a page reads: those of every trial while there are few, else of the best and of some of the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ferray.reports.cost import cost_of
from ferray.reports.histories import Histories, read_histories
from ferray.results.leaderboard import rank
from ferray.results.sweep import Sweep
from ferray.study.records import TrialRecord
from ferray.testing.fake_sweep import TRIALS, append_history, sweep_record

COMPLETE = sweep_record().trials[4]
EPOCHS = TRIALS[4].reports


def ten() -> tuple[TrialRecord, ...]:
    """Complete trials of which each later one is better, so that 9 leads."""
    return tuple(
        replace(COMPLETE, number=number, value=0.1 + number / 100, folder=f"trials/{number}", seconds=5.0)
        for number in range(10)
    )


def read(folder: Path, trials: tuple[TrialRecord, ...], most: int) -> Histories:
    for trial in trials:
        for report in EPOCHS:
            append_history(folder / trial.folder, report)
    record = replace(sweep_record(), trials=trials)
    return read_histories(Sweep(record, folder), rank(record), most)


def test_of_few_trials_all_are_drawn(tmp_path: Path) -> None:
    found = read(tmp_path, ten(), 10)
    assert (sorted(found.epochs), found.num_left) == (list(range(10)), 0)


def test_of_many_the_best_half_and_an_even_selection_of_the_others_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, ten(), 6)
    assert sorted(found.epochs, reverse=True) == [9, 8, 7, 6, 3, 0]  # the best three, then one of every three
    assert (found.num_best, found.stride, found.num_left) == (3, 3, 4)


def test_a_trial_without_a_time_is_read_for_its_cost_and_not_drawn(tmp_path: Path) -> None:
    trials = tuple(replace(trial, seconds=0.0) if trial.number == 1 else trial for trial in ten())
    found = read(tmp_path, trials, 6)
    assert (1 in found.seconds, 1 in found.epochs) == (True, False)


def test_what_pruning_saved_goes_by_the_epochs_of_trials_that_are_not_drawn_too(tmp_path: Path) -> None:
    trials = tuple(replace(trial, state="pruned", epochs=len(EPOCHS), epochs_asked=len(EPOCHS) + 1) for trial in ten())
    found = read(tmp_path, trials, 6)  # each epoch took 1.5 s, whatever the 5 s that a trial had its worker for
    assert cost_of(replace(sweep_record(), trials=trials), found.seconds).saved_s == 10 * 1.5


def test_what_is_drawn_has_the_metrics_of_every_epoch(tmp_path: Path) -> None:
    found = read(tmp_path, ten(), 10).epochs[9]
    assert [report.metrics for report in found] == [report.metrics for report in EPOCHS]


def test_a_damaged_history_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    trials = ten()
    folder = tmp_path / trials[2].folder
    folder.mkdir(parents=True)
    (folder / "history.jsonl").write_text("[1]\n")
    found = read(tmp_path, trials, 10)
    assert (sorted(found.epochs), len(found.damaged)) == ([0, 1, 3, 4, 5, 6, 7, 8, 9], 1)
    assert found.damaged[0].startswith("the epochs of trial 2 are left out")
