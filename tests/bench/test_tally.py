"""What the chaos benchmark counts, on a fake sweep and on a real crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from optuna.trial import TrialState

from bench.tally import chains_of, compare, tally
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.testing.fake_sweep import sweep_record


def test_trial_asked_again_belongs_to_the_chain_of_the_interrupted_one() -> None:
    numbers = [[trial.number for trial in chain] for chain in chains_of(sweep_record().trials)]
    assert numbers == [[0], [1], [2], [3], [4], [5, 6]]


def test_killed_sweep_that_went_on_has_lost_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()), slots=2, most_epochs=6)
    run_curves(open_driver(folder, small_spec()), slots=2)
    counts = tally(folder)
    wanted = {"asked": 12, "finished": 10, "lost": 0, "doubled": 0, "left_running": 0, "retries": 2, "resumed": 0}
    assert {key: counts[key] for key in wanted} == wanted


def test_a_trial_that_was_cut_off_before_it_had_a_configuration_is_not_left_running(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    driver = open_driver(folder, small_spec())
    number = driver.study._optuna.ask().number  # its disk was full before more was written
    driver.study._optuna.tell(number, state=TrialState.FAIL)
    run_curves(driver, slots=2)
    assert (tally(folder)["asked"], tally(folder)["finished"], tally(folder)["left_running"]) == (11, 10, 0)


def test_sweep_that_was_not_taken_up_again_has_lost_what_ran(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()), slots=2, most_epochs=6)
    assert (tally(folder)["lost"], tally(folder)["left_running"]) == (2, 2)


def test_same_bits_are_identical_and_others_are_named() -> None:
    whole = sweep_record()
    first = replace(whole.trials[0], recipe="aaaaaaaa")
    other = replace(first, value=0.75)
    assert compare(replace(whole, trials=(first,)), replace(whole, trials=(first,)))["differ"] == []
    assert compare(replace(whole, trials=(first,)), replace(whole, trials=(other,)))["differ"] == ["aaaaaaaa"]


def test_times_may_differ() -> None:
    trial = sweep_record().trials[0]
    slower = replace(trial, metrics={**trial.metrics, "seconds": 99.0})
    whole = sweep_record()
    assert compare(replace(whole, trials=(trial,)), replace(whole, trials=(slower,)))["identical"] == 1
