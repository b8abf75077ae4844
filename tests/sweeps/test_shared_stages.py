"""An earlier stage that several trials need: one trains it, the others wait, and whoever ends leaves it to the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import stage_folder
from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.events import Decision, EpochReport, FailureReason, Listener, Outcome, OutcomeKind
from ferray.study.history import load_sweep
from ferray.study.recovery import MOST_BARREN
from ferray.study.study import LOOK_EVERY_S, Trial
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.shared_stages import SharedStages
from ferray.testing.curves import curve_report, open_driver, saturating, small_spec
from ferray.testing.notes import Notes

FIRST = {"dataset": {"demo": {"seed": 5}}, "epochs": 2}
LAST = {"epochs": 4, "optimizer.lr": 1e-3}
RATES = {"stages.1.optimizer.lr": {"log_uniform": [1e-5, 1e-1]}}  # the first stage is the same for all


def open_sweep(folder: Path, *listeners: Listener, slots: int = 2, **changes: Any) -> SweepDriver:
    base = {"stages": [FIRST, {"epochs": 4}]}
    spec = small_spec(**{"base": base, "space": RATES, **changes})
    driver = open_driver(folder / "curves", spec, *listeners)
    driver.start(slots=slots)
    return driver


def numbers(driver: SweepDriver) -> list[int]:
    return [job.number for bundle in driver.next_bundles() for job in bundle.jobs]


def next_job(driver: SweepDriver) -> TrialJob:
    ((job,),) = [bundle.jobs for bundle in driver.next_bundles()]
    return job


def of_stage(job: TrialJob, epoch: int, *, is_best: bool = True) -> EpochReport:
    config = job.trial_config().earlier_stages[0]
    return replace(curve_report(config, epoch, saturating), stage=1, stages=2, is_best=is_best)


def share(driver: SweepDriver, job: TrialJob) -> Path:
    """What the worker leaves when the first stage has ended, and says."""
    folder = Path(job.shared) / stage_folder(job.trial_config().earlier_stages[0])
    folder.mkdir(parents=True)
    (folder / "trained-by.txt").write_text(f"{job.number}\n")
    (folder / "best.pt").touch()
    driver.epoch_ended(job.number, of_stage(job, 2))
    return folder / "best.pt"


def test_one_trial_trains_the_stage_and_the_other_waits(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    assert [numbers(driver), numbers(driver)] == [[0], []]


def test_whoever_waits_begins_once_the_stage_has_ended(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    job = next_job(driver)
    numbers(driver)
    share(driver, job)
    assert numbers(driver) == [1]


def test_no_more_trials_wait_than_there_are_slots(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    for _ in range(5):
        numbers(driver)
    assert driver.study.num_running == 1 + 2


def test_trials_with_other_first_stages_train_side_by_side(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path, space={"stages.0.batch_size": {"grid": [16, 32]}})
    assert [numbers(driver), numbers(driver)] == [[0], [1]]


def test_a_trial_without_stages_waits_for_nobody(tmp_path: Path) -> None:
    arms = {"two": {"stages": [FIRST, {}]}, "one": {}}
    driver = open_sweep(tmp_path, base={"epochs": 4}, space={}, arms=arms)
    assert [numbers(driver), numbers(driver)] == [[0], [1]]


def test_a_trial_that_ends_leaves_the_stage_to_the_next(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    lost = next_job(driver)
    numbers(driver)
    driver.lost([0], FailureReason.WORKER_LOST, "its worker was lost")
    heir = next_job(driver)
    assert (heir.number, heir.attempts) == (1, (lost.folder,))


@pytest.mark.parametrize(("kind", "is_kept"), [(OutcomeKind.FAILED, True), (OutcomeKind.DIVERGED, False)])
def test_only_of_a_failure_is_a_stage_kept_that_was_begun(tmp_path: Path, kind: OutcomeKind, is_kept: bool) -> None:
    driver = open_sweep(tmp_path)
    job = next_job(driver)
    begun = Path(job.folder) / stage_folder(job.trial_config().earlier_stages[0]) / "last.pt"
    begun.parent.mkdir(parents=True)
    begun.touch()
    driver.ended(job.number, Outcome(kind))
    assert begun.exists() == is_kept


def test_a_retry_goes_on_with_what_its_attempt_has_of_the_stage(tmp_path: Path) -> None:
    first = open_sweep(tmp_path, slots=1)
    job = next_job(first)
    first.interrupt()
    first.study.close()
    again = next_job(open_sweep(tmp_path, slots=1))
    assert again.attempts == (job.folder,)


def test_a_stage_that_lies_there_is_waited_for_by_nobody(tmp_path: Path) -> None:
    first = open_sweep(tmp_path)
    share(first, next_job(first))
    first.interrupt()
    first.study.close()
    driver = open_sweep(tmp_path)
    assert [len(numbers(driver)), len(numbers(driver))] == [1, 1]


def test_what_waits_for_a_stage_is_shown_as_waiting(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    numbers(driver), numbers(driver)
    assert [trial.state for trial in load_sweep(tmp_path / "curves").trials][:2] == ["running", "waiting"]


def interrupted_sweep(folder: Path) -> TrialJob:
    """Trial 0 trains the stage and trial 1 waits for it when the sweep stops; the job of trial 0."""
    driver = open_sweep(folder)
    job = next_job(driver)
    numbers(driver)
    driver.interrupt()
    driver.study.close()
    return job


def test_what_waits_for_a_stage_waits_on_as_it_is_when_the_sweep_stops(tmp_path: Path) -> None:
    interrupted_sweep(tmp_path)
    before = load_sweep(tmp_path / "curves").trials
    asked = {trial.number: trial.config.to_json() for trial in open_sweep(tmp_path).study.ask_many(2)}
    assert [trial.state for trial in before] == ["interrupted", "waiting"]
    assert asked[1] == before[1].config


def test_a_stage_that_was_begun_is_gone_on_with_by_whoever_trains_it_next(tmp_path: Path) -> None:
    begun = interrupted_sweep(tmp_path)
    ((job,),) = [bundle.jobs for bundle in open_sweep(tmp_path).next_bundles(2)]
    assert (job.number, job.attempts) == (1, (begun.folder,))


def test_a_stage_that_is_being_trained_is_trained_by_no_lower_number_that_was_put_back(tmp_path: Path) -> None:
    interrupted_sweep(tmp_path)
    driver = open_sweep(tmp_path)
    assert [numbers(driver), numbers(driver)] == [[2], []]


def die_with_one_that_waits(folder: Path) -> None:
    driver = open_sweep(folder)
    numbers(driver), numbers(driver)
    driver.study.close()


def test_what_waits_for_a_stage_is_not_given_up_with_the_trial_that_trains_it(tmp_path: Path) -> None:
    for _ in range(MOST_BARREN + 2):
        die_with_one_that_waits(tmp_path)
    assert "failed" not in {trial.state for trial in load_sweep(tmp_path / "curves").trials}


def test_what_waits_when_the_time_is_up_does_not_begin(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path, budget={"trials": 9, "time_s": 60.0})
    now = [0.0]
    driver.clock = lambda: now[0]
    driver.start(slots=2)
    job = next_job(driver)
    numbers(driver)
    now[0] = 61.0
    driver.tend()
    assert driver.study.num_running == 1
    assert driver.epoch_ended(job.number, of_stage(job, 1)) is Decision.PAUSE


def test_epochs_of_an_earlier_stage_are_no_steps_of_the_study(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path, pruner={"median": {"startup_trials": 0}})
    job = next_job(driver)
    assert [driver.epoch_ended(job.number, of_stage(job, epoch)) for epoch in (1, 2)] == [Decision.CONTINUE] * 2
    assert driver.study.best_and_last(job.number) == (None, None)


def test_the_log_says_who_trains_and_who_waits(tmp_path: Path) -> None:
    notes = Notes()
    driver = open_sweep(tmp_path, notes)
    job = next_job(driver)
    numbers(driver)
    share(driver, job)
    stage, value = stage_folder(job.trial_config().earlier_stages[0]), of_stage(job, 2).metrics["val/uar"]
    assert notes.lines[:2] == [
        "trial 1 waits for a stage that trial 0 trains",
        f"trial 0: stage 1 of 2 (demo) has ended, for all trials that share `{stage}`: val/uar {value:.3f}",
    ]


def test_the_record_names_the_trial_that_trained_the_stage(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    weights = share(driver, next_job(driver))
    numbers(driver)
    parents = [trial.parent for trial in load_sweep(tmp_path / "curves").trials]
    assert [(parent["trial"], parent["path"]) for parent in parents] == [(0, str(weights))] * 2


def test_the_record_names_it_after_the_driver_has_begun_anew(tmp_path: Path) -> None:
    first = open_sweep(tmp_path)
    share(first, next_job(first))
    first.interrupt()
    first.study.close()
    again = next_job(open_sweep(tmp_path))
    parents = {trial.number: trial.parent for trial in load_sweep(tmp_path / "curves").trials}
    assert (again.number != 0, parents[again.number]["trial"]) == (True, 0)


def test_the_record_of_a_trial_holds_all_its_stages(tmp_path: Path) -> None:
    driver = open_sweep(tmp_path)
    numbers(driver)
    (trial, *_) = load_sweep(tmp_path / "curves").trials
    config = TrialConfig.model_validate(trial.config)
    assert [stage.dataset.params["seed"] for stage in (*config.earlier_stages, config)] == [5, 0]


def test_folds_that_each_have_a_stage_of_their_own_share_none(tmp_path: Path) -> None:
    base = {"folds": {"k": 2}, "stages": [{"epochs": 1}, {"epochs": 2}]}
    driver = open_sweep(tmp_path, base=base)
    assert [numbers(driver), numbers(driver)] == [[0], [1]]


def test_the_log_names_the_stage_of_the_fold_that_has_ended(tmp_path: Path) -> None:
    notes = Notes()
    driver = open_sweep(tmp_path, notes, base={"folds": {"k": 2}, "stages": [{"epochs": 2}, {"epochs": 2}]})
    config = next_job(driver).trial_config()
    ((second,),) = [config.in_fold(1).earlier_stages]
    driver.epoch_ended(0, replace(curve_report(second, 2, saturating), stage=1, stages=2, fold=1))
    assert [line for line in notes.lines if stage_folder(second) in line]


class Elsewhere:
    """Another driver runs trial 3, or another one, of this configuration."""

    def __init__(self, config: dict[str, Any] | None, number: int = 3) -> None:
        self._config = config
        self._number = number
        self.num_looks = 0

    def running_elsewhere(self, *, below: int) -> dict[int, dict[str, Any] | None]:
        self.num_looks += 1
        return {self._number: self._config} if below > self._number else {}


def test_the_record_is_looked_at_once_for_all_that_wait(tmp_path: Path) -> None:
    config = TrialConfig.model_validate({"dataset": "demo", "stages": [FIRST, {}]})
    others = Elsewhere(None)
    stages = SharedStages(others, SweepArtifacts(str(tmp_path)), lambda: 0.0)
    for number in (2, 4, 5):
        stages.add(Trial(number, config, {}, f"trials/{number}", number))
    assert ([trial.number for trial in stages.released()], others.num_looks) == ([2], 1)


def waited_for(tmp_path: Path, other: dict[str, Any] | None, number: int) -> int | None:
    config = TrialConfig.model_validate({"dataset": "demo", "stages": [FIRST, {}]})
    stages = SharedStages(Elsewhere(other), SweepArtifacts(str(tmp_path)), lambda: 0.0)
    stages.add(Trial(number, config, {}, "trials/x", number))
    return stages.trained_by(number)


def test_a_stage_that_another_drivers_trial_trains_is_waited_for(tmp_path: Path) -> None:
    assert waited_for(tmp_path, {"dataset": "demo", "stages": [FIRST, {}]}, number=4) == 3


def test_another_drivers_trial_may_need_any_stage_until_its_configuration_is_known(tmp_path: Path) -> None:
    assert waited_for(tmp_path, None, number=4) == 3


def test_another_drivers_trial_that_was_asked_later_waits_itself(tmp_path: Path) -> None:
    assert waited_for(tmp_path, {"dataset": "demo", "stages": [FIRST, {}]}, number=2) is None


def test_another_drivers_trial_without_the_stage_is_no_matter(tmp_path: Path) -> None:
    assert waited_for(tmp_path, {"dataset": "demo"}, number=4) is None


def pauses_of_a_turn(driver: SweepDriver) -> list[float]:
    """How long the driver sleeps while whoever waits for a stage waits for a trial of another driver."""
    pauses: list[float] = []
    driver.stages.study, driver.pause = Elsewhere(None, number=-1), pauses.append
    while driver.next_bundles():
        pass
    driver.tend()
    return pauses


def test_a_driver_whose_every_trial_waits_for_others_sleeps(tmp_path: Path) -> None:
    assert pauses_of_a_turn(open_sweep(tmp_path)) == [LOOK_EVERY_S]


def test_a_driver_that_trains_never_sleeps(tmp_path: Path) -> None:
    arms = {"one": {}, "two": {"stages": [FIRST, {}]}}
    driver = open_sweep(tmp_path, base={"epochs": 4}, space={}, arms=arms)
    assert (pauses_of_a_turn(driver), driver.stages.num_waiting) == ([], 1)
