"""The driver between launchers, study and listeners."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.config.job import TrialJob
from ferray.events import (
    Decision,
    EpochReport,
    FailureReason,
    Listener,
    Outcome,
    OutcomeKind,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from ferray.study.history import load_sweep
from ferray.sweeps.driver import BLOCK, SweepDriver
from ferray.sweeps.failures import LEAST_LOSSES
from ferray.sweeps.notification import Listeners
from ferray.testing.curves import curve_report, next_job, open_driver, run_curves, saturating, small_spec


class Recorder(Listener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended: list[TrialEnded] = []

    def sweep_started(self, sweep: SweepStarted) -> None:
        self.heard.append(f"sweep {sweep.name} {sweep.finished}/{sweep.trials}")

    def trial_started(self, trial: TrialStarted) -> None:
        self.heard.append(f"start {trial.number}")

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self.heard.append(f"epoch {number} {report.epoch}")

    def noted(self, line: str) -> None:
        self.heard.append(line)

    def epoch_recalled(self, number: int, report: EpochReport) -> None:
        self.heard.append(f"recall {number} {report.epoch}")

    def trial_ended(self, trial: TrialEnded) -> None:
        self.heard.append(f"end {trial.number} {trial.outcome.kind}")
        self.ended.append(trial)

    def close(self) -> None:
        self.heard.append("close")


class Broken(Listener):
    """Fails at its first epoch."""

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        raise RuntimeError("no route to host")


def started(folder: Path, **changes: object) -> SweepDriver:
    driver = open_driver(folder / "curves", small_spec(**changes))
    driver.start(slots=1)
    return driver


def interrupted(driver: SweepDriver) -> TrialJob:
    """A trial that has saved and is interrupted."""
    job = next_job(driver)
    assert job is not None
    job.path.mkdir(parents=True)
    (job.path / "last.pt").touch()
    driver.interrupt()
    return job


def test_listeners_hear_a_trial_in_order(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 1}, base={"epochs": 2}), recorder)
    run_curves(driver)
    driver.listeners.close()
    assert recorder.heard == ["sweep curves 0/1", "start 0", "epoch 0 1", "epoch 0 2", "end 0 completed", "close"]


def test_listener_that_raises_is_warned_about_once_and_the_sweep_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    driver = open_driver(tmp_path / "curves", small_spec())
    driver.listeners = Listeners([Broken()], said.append)
    run_curves(driver)
    assert said == ["the tracker Broken is switched off: RuntimeError: no route to host"]
    assert driver.study.num_finished == 10


def test_no_job_beyond_the_budget(tmp_path: Path) -> None:
    driver = started(tmp_path, budget={"trials": 2})
    assert [next_job(driver) is not None for _ in range(3)] == [True, True, False]
    assert not driver.is_done


def test_job_carries_the_whole_configuration(tmp_path: Path) -> None:
    job = next_job(started(tmp_path))
    assert job is not None
    assert job.trial_config().to_json() == job.config
    assert job.path.parent == tmp_path / "curves" / "trials"


def test_spent_time_budget_stops_running_trials_as_interrupted(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 5, "time_s": 10}))
    now = [0.0]
    driver.clock = lambda: now[0]
    driver.start(slots=1)
    job = next_job(driver)
    assert job is not None
    now[0] = 11.0
    assert driver.epoch_ended(job.number, curve_report(job.trial_config(), 1, saturating)) is Decision.PAUSE
    driver.ended(job.number)
    assert [trial.outcome for trial in load_sweep(tmp_path / "curves").trials] == ["interrupted"]
    assert next_job(driver) is None


def test_pruned_trial_leaves_no_checkpoint_behind(tmp_path: Path) -> None:
    driver = started(tmp_path)
    job = next_job(driver)
    assert job is not None
    job.path.mkdir(parents=True)
    (job.path / "last.pt").touch()
    driver._pruned.add(job.number)
    driver.ended(job.number)
    assert not (job.path / "last.pt").exists()


def test_interrupt_ends_every_running_trial(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(), recorder)
    driver.start(slots=2)
    next_job(driver)
    next_job(driver)
    driver.interrupt()
    assert [trial.outcome.kind for trial in recorder.ended] == [OutcomeKind.INTERRUPTED] * 2
    assert driver.study.num_running == 0


def test_retry_resumes_from_the_interrupted_trials_checkpoint(tmp_path: Path) -> None:
    driver = started(tmp_path)
    first, again = interrupted(driver), next_job(driver)
    assert again is not None
    assert again.resume_from == str(first.path / "last.pt")


def test_retry_knows_the_checkpoints_of_all_attempts_before_it(tmp_path: Path) -> None:
    driver = started(tmp_path)
    first, second, third = interrupted(driver), interrupted(driver), next_job(driver)
    assert third is not None
    assert (third.resume_from, third.resume_else) == (str(second.path / "last.pt"), (str(first.path / "last.pt"),))


def test_trial_that_keeps_losing_its_worker_fails_in_the_end(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 1}), recorder)
    driver.start(slots=1)
    while (job := next_job(driver)) is not None:
        driver.lost([job.number], FailureReason.WORKER_LOST, "its worker was lost")
    assert [trial.outcome.kind.value for trial in recorder.ended] == ["interrupted"] * 3 + ["failed"]


def test_trial_that_takes_node_after_node_with_it_fails_beside_one_that_works(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 2}, base={"epochs": 40}), recorder)
    driver.start(slots=2)
    works = next_job(driver)
    assert works is not None
    for epoch in range(1, LEAST_LOSSES + 2):
        job = next_job(driver)
        assert job is not None
        driver.lost([job.number], FailureReason.NODE_LOST, "its node was lost", is_elsewhere=True)
        driver.epoch_ended(works.number, curve_report(works.trial_config(), epoch, saturating))
    kinds = [trial.outcome.kind.value for trial in recorder.ended]
    assert kinds == ["interrupted"] * LEAST_LOSSES + ["failed"]
    assert next_job(driver) is None


def test_words_about_a_lost_worker_are_kept_in_its_trials_folder(tmp_path: Path) -> None:
    driver = started(tmp_path)
    job = next_job(driver)
    assert job is not None
    (tmp_path / "curves" / "trials").mkdir()
    driver.lost([job.number], FailureReason.WORKER_LOST, "its worker was lost", "killed by SIGSEGV")
    (trial,) = load_sweep(tmp_path / "curves").trials
    assert Path(trial.error_file).read_text() == "killed by SIGSEGV"


def test_trial_whose_disk_fails_is_asked_again(tmp_path: Path) -> None:
    driver = started(tmp_path)
    job = next_job(driver)
    assert job is not None
    driver.ended(job.number, Outcome(OutcomeKind.FAILED, "Input/output error", reason=FailureReason.STORAGE))
    (trial,) = load_sweep(tmp_path / "curves").trials
    assert (trial.outcome, trial.reason, driver.study.num_finished) == ("interrupted", "storage", 0)


def test_workers_that_are_all_lost_end_the_sweep_and_leave_all_but_one_trial_to_be_asked_again(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 60}), recorder)
    driver.start(slots=1)
    while (job := next_job(driver)) is not None:
        driver.lost([job.number], FailureReason.WORKER_LOST, "its worker was lost")
    assert driver.is_done
    assert [trial.outcome.kind.value for trial in recorder.ended].count("failed") == 1
    assert len(recorder.ended) == LEAST_LOSSES


def test_failure_is_recorded_with_its_message(tmp_path: Path) -> None:
    driver = started(tmp_path)
    job = next_job(driver)
    assert job is not None
    driver.ended(job.number, Outcome(OutcomeKind.FAILED, "out of memory", "error.txt"))
    (trial,) = load_sweep(tmp_path / "curves").trials
    assert (trial.state, trial.message, trial.error_file) == ("failed", "out of memory", "error.txt")


def test_ctrl_c_is_acknowledged_with_what_is_waited_for(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(), recorder)
    driver.start(slots=2)
    next_job(driver), next_job(driver)
    driver.say_stopping()
    assert recorder.heard[-1] == "stopping: asking 2 trials to save (Ctrl-C again to stop now)"


def test_epochs_before_an_interruption_are_recalled_and_not_run(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = open_driver(tmp_path / "curves", small_spec(), recorder)
    driver.start(slots=1)
    job = next_job(driver)
    assert job is not None
    first, second = (curve_report(job.trial_config(), epoch, saturating) for epoch in (1, 2))
    driver.epoch_ended(job.number, replace(second, earlier=(first,)))
    assert recorder.heard[-2:] == ["recall 0 1", "epoch 0 2"]


def test_a_second_ctrl_c_while_trials_are_ended_leaves_none_open(tmp_path: Path) -> None:
    class Impatient(Listener):
        def trial_ended(self, trial: TrialEnded) -> None:
            signal.raise_signal(signal.SIGINT)

    driver = open_driver(tmp_path / "curves", small_spec(), Impatient())
    driver.start(slots=2)
    next_job(driver), next_job(driver)
    with pytest.raises(KeyboardInterrupt):
        driver.interrupt()
    assert [trial.outcome for trial in load_sweep(tmp_path / "curves").trials] == ["interrupted"] * 2


def test_workers_that_are_free_at_once_are_given_bundles_of_one_block(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 40}), trials_per_worker=3)
    driver.start(slots=4)
    assert [bundle.numbers for bundle in driver.next_bundles(workers=4)] == [
        (0, 1, 2),
        (3, 4, 5),
        (6, 7, 8),
        (9, 10, 11),
    ]


def test_a_block_has_an_end_since_nobody_is_heard_meanwhile(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 40}))
    driver.start(slots=40)
    assert len(driver.next_bundles(workers=40)) == BLOCK


def test_heads_on_the_same_features_share_a_worker(tmp_path: Path) -> None:
    head = {"finetune": "head", "augment": "none", "head": "linear"}
    spec = small_spec(base=head, space={"image_size": {"choice": [32, 48]}, "seed": {"int_uniform": [0, 10**6]}})
    driver = open_driver(tmp_path / "curves", spec, trials_per_worker=2, device="cpu")
    driver.start(4)
    bundles = driver.next_bundles(4)
    assert all(len({job.config["image_size"] for job in bundle.jobs}) == 1 for bundle in bundles)
