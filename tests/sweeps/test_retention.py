"""Which checkpoints stay when trials end, and what the record says of those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ferray.config.job import TrialJob
from ferray.events import Decision, FailureReason, Outcome, OutcomeKind
from ferray.results.leaderboard import rank
from ferray.study.history import SweepReader, load_sweep
from ferray.sweeps.driver import SweepDriver
from ferray.testing.curves import Curve, curve_report, next_job, open_driver, small_spec


def opened(folder: Path, keep_best: int | None, **changes: object) -> SweepDriver:
    driver = open_driver(folder / "curves", small_spec(**changes), keep_best=keep_best)
    driver.start(slots=1)
    return driver


def began(driver: SweepDriver, *files: str) -> TrialJob:
    """A trial that runs and has written these files."""
    job = next_job(driver)
    assert job is not None
    for name in files:
        (job.path / name).parent.mkdir(parents=True, exist_ok=True)
        (job.path / name).touch()
    return job


def flat(value: float) -> Curve:
    return lambda _, __: value


def train(driver: SweepDriver, *values: float) -> None:
    """Trials that come to these values, one after another."""
    for value in values:
        job = began(driver, "best.pt")
        config = job.trial_config()
        driver.epoch_ended(job.number, curve_report(config, config.epochs, flat(value)))
        driver.ended(job.number)


def kept(driver: SweepDriver) -> list[int]:
    """The trials that have a best.pt, somewhere in their folder."""
    return sorted(
        {int(path.relative_to(driver.folder).parts[1][:4]) for path in driver.folder.glob("trials/**/best.pt")}
    )


def freed(folder: Path) -> list[str]:
    return [trial.freed for trial in load_sweep(folder / "curves").trials]


@pytest.mark.parametrize(
    ("keep_best", "numbers"), [(None, [0, 1, 2, 3]), (0, []), (1, [1]), (2, [1, 2]), (9, [0, 1, 2, 3])]
)
def test_the_best_keep_their_checkpoints(tmp_path: Path, keep_best: int | None, numbers: Sequence[int]) -> None:
    driver = opened(tmp_path, keep_best)
    train(driver, 0.1, 0.5, 0.3, 0.2)
    assert kept(driver) == numbers


def test_a_trial_is_freed_as_soon_as_it_is_beaten(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1)
    train(driver, 0.1)
    before = kept(driver)
    train(driver, 0.5)
    assert (before, kept(driver)) == ([0], [1])


def test_the_lowest_are_the_best_where_the_objective_says_so(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1, objective={"metric": "val/loss", "mode": "min"})
    train(driver, 0.3, 0.1, 0.2)  # whose losses are 0.7, 0.9, 0.8
    assert kept(driver) == [0]


def test_what_is_kept_of_equal_trials_is_what_the_leaderboard_ranks_first(tmp_path: Path) -> None:
    driver = opened(tmp_path, 2)
    train(driver, 0.3, 0.5, 0.3, 0.3)
    assert kept(driver) == sorted(trial.number for trial in rank(load_sweep(driver.folder)).complete[:2])


def test_the_record_says_by_what_a_checkpoint_was_freed(tmp_path: Path) -> None:
    train(opened(tmp_path, 1), 0.1, 0.5)
    assert freed(tmp_path) == ["best=1", ""]


def test_a_reader_of_long_standing_hears_of_it(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1)
    train(driver, 0.1)
    reader = SweepReader(driver.folder)
    before = reader.read().trials[0].freed
    train(driver, 0.5)
    assert (before, reader.read().trials[0].freed) == ("", "best=1")


@pytest.mark.parametrize("kind", [OutcomeKind.PRUNED, OutcomeKind.DIVERGED, OutcomeKind.FAILED])
def test_what_did_not_complete_keeps_nothing(tmp_path: Path, kind: OutcomeKind) -> None:
    driver = opened(tmp_path, 3)
    driver.ended(began(driver, "fold-0/best.pt", "fold-1/last.pt").number, Outcome(kind))
    assert [path.name for path in driver.folder.glob("trials/*/fold-*/*")] == []


def test_what_did_not_complete_keeps_its_weights_where_all_do(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    driver.ended(began(driver, "best.pt", "last.pt").number, Outcome(OutcomeKind.DIVERGED))
    assert [path.name for path in driver.folder.glob("trials/*/*.pt")] == ["best.pt"]


@pytest.mark.parametrize("keep_best", [None, 0, 1])
def test_an_interrupted_trial_keeps_all_that_it_goes_on_from(tmp_path: Path, keep_best: int | None) -> None:
    driver = opened(tmp_path, keep_best)
    began(driver, "fold-0/best.pt", "fold-1/last.pt")
    driver.interrupt()
    assert sorted(path.name for path in driver.folder.glob("trials/*/fold-*/*")) == ["best.pt", "last.pt"]


def test_what_an_interrupted_trial_left_goes_when_its_retry_has_ended(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1)
    job = began(driver, "best.pt")
    driver.lost([job.number], FailureReason.WORKER_LOST, "gone")
    before = kept(driver)
    train(driver, 0.5)
    assert (before, kept(driver)) == ([0], [1])


def test_folds_are_kept_and_freed_together(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1)
    train(driver, 0.1)
    fold = next(driver.folder.glob("trials/0000-*")) / "fold-1"
    fold.mkdir()
    (fold / "best.pt").touch()
    train(driver, 0.5)
    assert kept(driver) == [1]


def continued(driver: SweepDriver, keep_best: int | None) -> tuple[SweepDriver, int]:
    """The sweep in the hands of another command, and how many trials that has freed at its start."""
    driver.study.close()
    again = open_driver(driver.folder, driver.spec, keep_best=keep_best)
    return again, again.retention.begin(load_sweep(driver.folder))


def test_a_sweep_that_goes_on_frees_what_an_earlier_command_kept(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    train(driver, 0.1, 0.5, 0.3)
    again, num_freed = continued(driver, 1)
    assert (kept(again), num_freed, freed(tmp_path)) == ([1], 2, ["best=1", "", "best=1"])


def test_trials_to_come_compete_with_those_that_are_there(tmp_path: Path) -> None:
    driver = opened(tmp_path, 2)
    train(driver, 0.1, 0.5)
    again, _ = continued(driver, 2)
    again.start(slots=1)
    train(again, 0.3)
    assert kept(again) == [1, 2]


def test_nothing_is_freed_twice(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1)
    train(driver, 0.1, 0.5)
    assert continued(driver, 1)[1] == 0


def test_a_sweep_that_goes_on_without_the_option_frees_nothing_more(tmp_path: Path) -> None:
    driver = opened(tmp_path, 1)
    train(driver, 0.1, 0.5)
    again, num_freed = continued(driver, None)
    again.start(slots=1)
    train(again, 0.3)
    assert (kept(again), num_freed) == ([1, 2], 0)


def test_what_waits_to_be_asked_again_is_not_touched_by_the_next_command(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    began(driver, "best.pt")
    driver.interrupt()
    again, _ = continued(driver, 0)
    assert kept(again) == [0]


def test_a_checkpoint_that_cannot_be_deleted_is_not_said_to_be_gone(tmp_path: Path) -> None:
    driver = opened(tmp_path, 0)
    job = began(driver, "best.pt/in the way")
    driver.epoch_ended(job.number, curve_report(job.trial_config(), 4, flat(0.5)))
    driver.ended(job.number)
    assert freed(tmp_path) == [""]


def pruned(driver: SweepDriver, value: float) -> None:
    """A trial that is pruned after its first epoch, with this value, and has left the weights of that."""
    job = began(driver, "best-so-far.pt")
    driver.epoch_ended(job.number, curve_report(job.trial_config(), 1, flat(value)))
    driver.ended(job.number, Outcome(OutcomeKind.PRUNED))


def leading(driver: SweepDriver) -> list[int]:
    """The pruned trials that have kept weights."""
    return sorted(int(path.parent.name[:4]) for path in driver.folder.glob("trials/*/best-so-far.pt"))


@pytest.mark.parametrize(("keep_best", "numbers"), [(None, [1]), (0, []), (1, [1])])
def test_what_was_pruned_above_the_winner_keeps_its_weights(
    tmp_path: Path, keep_best: int | None, numbers: Sequence[int]
) -> None:
    driver = opened(tmp_path, keep_best)
    train(driver, 0.5)
    pruned(driver, 0.6)
    assert leading(driver) == numbers


def test_what_was_pruned_below_the_winner_keeps_none(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    train(driver, 0.5)
    pruned(driver, 0.4)
    assert leading(driver) == []


def test_pruned_weights_go_when_a_complete_trial_beats_them(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    pruned(driver, 0.4)
    pruned(driver, 0.6)
    before = leading(driver)
    train(driver, 0.5)
    assert (before, leading(driver)) == ([0, 1], [1])


def test_pruned_weights_that_a_former_command_kept_go_too(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    pruned(driver, 0.4)
    again, _ = continued(driver, None)
    again.start(slots=1)
    train(again, 0.5)
    assert leading(again) == []


def test_those_above_are_the_ones_that_the_leaderboard_names(tmp_path: Path) -> None:
    driver = opened(tmp_path, None)
    train(driver, 0.5)
    for value in (0.7, 0.3, 0.6, 0.5):
        pruned(driver, value)
    above = rank(load_sweep(driver.folder)).pruned_above_best
    assert leading(driver) == sorted(trial.number for trial in above) == [1, 3]


def test_a_trial_that_is_pruned_while_it_leads_is_to_leave_its_weights(tmp_path: Path) -> None:
    driver = opened(tmp_path, None, pruner={"asha": {"reduction_factor": 2}})
    first, second = began(driver), began(driver)
    told = [
        driver.epoch_ended(job.number, curve_report(job.trial_config(), 2, flat(value)))
        for job, value in ((first, 0.9), (second, 0.5))
    ]
    assert told == [Decision.CONTINUE, Decision.KEEP]


def test_a_trial_that_is_pruned_below_a_complete_one_leaves_nothing(tmp_path: Path) -> None:
    driver = opened(tmp_path, None, pruner={"asha": {"reduction_factor": 2}})
    first, second = began(driver), began(driver)
    for epoch in (2, 4):
        driver.epoch_ended(first.number, curve_report(first.trial_config(), epoch, flat(0.9)))
    driver.ended(first.number)
    assert driver.epoch_ended(second.number, curve_report(second.trial_config(), 2, flat(0.5))) is Decision.STOP
