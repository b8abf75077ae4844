"""`SweepDriver`: joins the study with those who watch, so that a launcher has one object to talk to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.job import JobBundle, TrialJob
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import StorageError
from ferray.events import (
    Decision,
    EpochReport,
    FailureReason,
    Found,
    Outcome,
    OutcomeKind,
    SweepStarted,
    TrialEnded,
)
from ferray.results.export import entry
from ferray.study.study import LOOK_EVERY_S, Study, Trial
from ferray.sweeps.failures import FailurePolicy
from ferray.sweeps.gpu_sharing import GpuSharing
from ferray.sweeps.mirroring import Mirroring
from ferray.sweeps.notification import Listeners, trial_started
from ferray.sweeps.retention import Retention
from ferray.sweeps.shared_stages import SharedStages
from ferray.sweeps.time_left import TimeLeft
from ferray.sweeps.timeouts import Timeouts
from ferray.sweeps.trial_jobs import TrialJobs
from ferray.sweeps.trial_queue import TrialQueue
from ferray.system.signals import deferring_interrupts
from ferray.text.counting import counted

BLOCK = 16  # trials asked at once: an ask takes 10 ms, in which nobody is heard


@dataclass
class SweepDriver:
    """The sweep as launchers see it: jobs to start, epochs to pass on, ends to report. One thread only.

    `folder` is absolute. `clock` gives seconds and may be a fake. `found` is what earlier commands left, `identity` the
    folder's own, for those who watch.
    """

    spec: SweepSpec
    runtime: Runtime
    study: Study
    folder: Path
    listeners: Listeners
    clock: Callable[[], float] = time.monotonic
    found: Found = field(default_factory=Found)
    identity: str = ""
    sharing: GpuSharing | None = None  # of GPUs, where it was left to ferray
    mirroring: Mirroring | None = None  # where the record is copied to an address
    pause: Callable[[float], None] = time.sleep
    _stands_by: bool = False
    _slots: int = 1
    _pruned: set[int] = field(default_factory=set)
    _paused: set[int] = field(default_factory=set)
    _must_move: dict[int, str] = field(default_factory=dict)  # and why
    _trials: dict[int, Trial] = field(default_factory=dict)
    _told: set[int] = field(default_factory=set)  # trials that have begun, of which listeners have heard
    _shown: dict[int, int] = field(default_factory=dict)  # the last epoch of each running trial that was shown
    _started: float | None = None  # by the clock; None before `start`
    _has_no_use_for_time: bool = False  # though some of its budget is left

    def __post_init__(self) -> None:
        self.failures = FailurePolicy(self.runtime.max_retries, self.runtime.max_failures)
        self.timeouts = Timeouts(lambda: self.clock(), self.runtime.trial_timeout_s)
        self.artifacts = SweepArtifacts.of(self.folder)
        self.queue = TrialQueue(self.runtime)
        self.time_left = TimeLeft(lambda: self.clock(), self._left_s)
        self.stages = SharedStages(self.study, self.artifacts, lambda: self.clock())
        self.jobs = TrialJobs(self.spec, self.runtime, self.study, self.folder, self.artifacts, self.stages)
        self.retention = Retention(self.artifacts, self.study, self.runtime.keep_best)

    def start(self, slots: int) -> None:
        """Tell the listeners that the sweep begins on so many workers; the time budget runs from here."""
        self._started = self.clock()
        self.failures.expect(slots)
        self._slots = slots
        objective = self.spec.objective
        self.listeners.notify(
            "sweep_started",
            SweepStarted(
                name=self.spec.name,
                folder=str(self.folder),
                metric=objective.metric,
                mode=objective.mode,
                trials=self.spec.budget.trials,
                finished=self.study.num_finished,
                slots=slots * self.runtime.trials_per_worker,
                found=self.found,
                time_s=self.spec.budget.time_s,
                study=self.study.name,
                identity=f"{self.study.name}\n{self.identity}",
                counts=objective.epoch,
                sampler={self.spec.sampler.name: dict(self.spec.sampler.params)},
                pruner={self.spec.pruner.name: dict(self.spec.pruner.params)},
                names=self.spec.option_names,
            ),
        )

    def note(self, line: str) -> None:
        """Say to those who watch what is no trial's news."""
        self.listeners.notify("noted", line)

    @deferring_interrupts
    def next_bundles(self, workers: int = 1) -> list[JobBundle]:
        """Trials to start now for at most so many workers; none where enough have been started or the sweep winds up.

        Those that waited for a stage come before new ones. For many workers these are asked in blocks of BLOCK: nobody
        is heard meanwhile, and the store is waited for once. Where bundles would train more heads as one, some are
        asked before there is a worker for them.
        """
        if self.is_winding_up:
            return []
        each = self.runtime.trials_per_worker
        workers = max(1, min(workers, BLOCK // each))
        self.queue.add(self.stages.released()[: each * workers])
        self._ask(min(self.queue.num_missing(workers), self._slots * each - self.stages.num_waiting))
        if self.queue.wants_choice(workers):
            self._ask(self.study.room_ahead)
        bundles = list(self._dealt(workers)) or self._put_by()
        self.study.begin([trial.number for bundle in bundles for trial in bundle])
        return [JobBundle(tuple(self._started_job(trial) for trial in bundle)) for bundle in bundles]

    @deferring_interrupts
    def begin(self, numbers: Sequence[int], *, waiting: Sequence[int]) -> None:
        """Have the record say which trials' workers have got their resources, and which still wait for them."""
        self.study.begin(numbers, waiting=waiting)

    def _ask(self, most: int) -> None:
        """Have new trials wait for a worker, or for a stage that another one trains."""
        count = 0 if self.time_left.is_full else min(most, self.num_left)
        asked = self.study.ask_many(count) if count > 0 else []
        for trial in asked:
            self._trials[trial.number] = trial
            self.stages.add(trial)
        for trial in asked:  # of these the lowest number may be the last, since it was put back
            if (other := self.stages.trained_by(trial.number)) is None:
                self.queue.add([trial])
                continue
            self.note(f"trial {trial.number} waits for a stage that trial {other} trains")

    def _dealt(self, workers: int) -> Iterator[list[Trial]]:
        """Bundles for at most so many workers, of trials that are worth beginning."""
        while workers and (bundle := self.queue.deal(workers)):
            if begins := [trial for trial in bundle if not self.time_left.holds(trial)]:
                workers -= 1
                yield begins

    def _put_by(self) -> list[list[Trial]]:
        """A bundle of those for which there is little time, where nothing better is to come."""
        bundle = self.time_left.released(self.num_left, self.runtime.trials_per_worker)
        return [bundle] if bundle else []

    def _started_job(self, trial: Trial) -> TrialJob:
        self._told.add(trial.number)
        told = trial_started(trial, self.artifacts.trial(trial.folder).address)
        self.listeners.notify("trial_started", told)
        self.stages.started(trial.number)
        self.time_left.begin(trial)
        job = self.jobs.job(trial)
        return replace(job, gpu_fraction=self.sharing.give(trial.number)) if self.sharing else job

    @property
    def is_done(self) -> bool:
        """Whether nothing runs and nothing is left to start; while others have trials, they may be left to this one."""
        if self.study.num_running or self.num_left:
            return False
        return self.is_winding_up or not self.study.num_elsewhere

    @property
    def num_left(self) -> int:
        """Trials of the budget that may still be started."""
        if self.is_winding_up:
            return 0
        begun = self.study.num_finished + self.study.num_running + self.study.num_elsewhere
        return max(0, self.spec.budget.trials - begun)

    @property
    def num_to_begin(self) -> int:
        """Trials that may still be handed to workers, asked already or not."""
        return self.num_left + len(self.queue)

    def time_is_up(self) -> bool:
        """Whether the time budget is spent; it is this command's own, whatever earlier ones took."""
        left_s = self._left_s()
        return self._has_no_use_for_time or (left_s is not None and left_s <= 0)

    def _left_s(self) -> float | None:
        """Seconds of the time budget that are left; None where there is none, or it does not run yet."""
        limit = self.spec.budget.time_s
        return None if limit is None or self._started is None else limit - (self.clock() - self._started)

    @deferring_interrupts
    def epoch_ended(self, number: int, report: EpochReport) -> Decision:
        """Record an epoch, show it, and say whether the trial goes on; `ended` must follow if not, or a last epoch.

        PAUSE: its worker saves first, since its parameters will be asked again. KEEP: it is pruned, though it leads.
        """
        self.timeouts.epoch_ended(number)
        if not report.stage:
            self.time_left.epoch_ended(number)
        self.failures.epoch_ended(self._trials[number].root)
        decision = Decision.CONTINUE if report.stage else self.study.report(number, report)
        if decision is Decision.STOP:
            self._pruned.add(number)
            best, _ = self.study.best_and_last(number)
            leads = best is not None and self.retention.leads(best.metrics[self.spec.objective.metric])
            decision = Decision.KEEP if leads else decision
        elif (self.is_winding_up or number in self._must_move) and not report.is_last:
            self._paused.add(number)
            decision = Decision.PAUSE
        if report.stage:
            if line := self.stages.epoch_ended(number, report, self.spec.objective.metric):
                self.note(f"trial {number}: {line}")
            return decision
        missed = [epoch for epoch in report.earlier or () if epoch.epoch > self._shown.get(number, 0)]
        for epoch in missed:
            self.listeners.notify("epoch_recalled", number, epoch)
        self.listeners.notify("epoch_ended", number, replace(report, earlier=None))
        self._shown[number] = report.epoch
        return decision

    @deferring_interrupts
    def ended(self, number: int, failure: Outcome | None = None) -> None:
        """A trial has ended: by itself, by a STOP, or by `failure`."""
        best, last = self.study.best_and_last(number)
        if failure is not None and failure.reason is FailureReason.DISK_FULL:
            failure = self.failures.disk_is_full(failure)
        if failure is not None and failure.reason is FailureReason.STORAGE:
            failure = self._after_loss(number, failure)
        outcome = self.study.finish(number, failure or self._natural_outcome(number, last))
        trial = self._trials.pop(number)
        self.stages.ended(number)
        self.timeouts.forget(number)
        self.time_left.forget(number)
        self.queue.forget(number)
        self._shown.pop(number, None)
        self._must_move.pop(number, None)
        value = best.metrics[self.spec.objective.metric] if best else None
        self.retention.trial_ended(trial, outcome, value)
        self.failures.trial_ended(outcome)
        if number not in self._told:
            return
        self._told.discard(number)
        told = entry(self.study.ended_record(number), self.spec.objective.metric)
        self.listeners.notify("trial_ended", TrialEnded(number, outcome, best, last, value, trial.params, told))

    def with_more_memory(self, number: int, failure: Outcome) -> Outcome:
        """The outcome of a trial that failed: asked again, with more, where it ran out of a part of a GPU's memory."""
        if self.sharing is None:
            return failure
        return self.sharing.failed(number, self._trials[number].config, failure, self.note)

    def lost(
        self,
        numbers: Sequence[int],
        reason: FailureReason,
        message: str,
        known: str = "",
        *,
        is_elsewhere: bool = False,
    ) -> None:
        """The worker of these trials died under them: their parameters are asked again, unless that was too often.

        Which of several took it down nobody knows: none is to blame, and each is asked again apart. Where the place
        failed and there are others, none is to blame either, but for one that takes place after place with it. What
        else is `known` of the end is kept in the trials' folders.
        """
        failures = {number: self._worker_loss(number, reason, message, known) for number in numbers}
        first = numbers[0]
        if is_elsewhere:
            self.failures.place_lost(failures[first])
            for number, failure in failures.items():
                self.ended(number, self.failures.without_place(failure, root=self._trials[number].root))
            return
        if len(failures) == 1:
            self.ended(first, self._after_loss(first, failures[first]))
            return
        self.failures.bundle_lost(failures[first], root=self._trials[first].root)
        for number, failure in failures.items():
            self.ended_beside_others(number, failure)

    def ended_beside_others(self, number: int, failure: Outcome) -> None:
        """A trial has ended by what another one of its bundle may have done: it is asked again, and apart."""
        self.queue.apart.add(self._trials[number].root)
        self.ended(number, replace(failure, kind=OutcomeKind.INTERRUPTED, is_blameless=True))

    def must_move(self, number: int, why: str) -> None:
        """Have a trial save at its next epoch, since its place is about to go; it is asked again at another."""
        self._must_move[number] = why

    def withdraw(self, number: int) -> None:
        """End a trial that has not begun, since the time is up or the sweep was given up; it is asked again."""
        why = self.failures.why if self.failures.is_over else "the time budget was spent before it began"
        self.ended(number, Outcome(OutcomeKind.INTERRUPTED, why, is_blameless=True))

    @property
    def is_winding_up(self) -> bool:
        """Whether trials that run are to save and end."""
        return self.time_is_up() or self.failures.is_over

    def tend(self) -> None:
        """Hear of the others who drive this sweep; ClusterError where one has taken it over."""
        self.study.tend()
        for line in self.mirroring.news() if self.mirroring is not None else ():
            self.note(line)
        for trial in self.study.take_news():
            self.retention.ended_elsewhere(trial)
            ended = (trial.number, OutcomeKind(trial.outcome), trial.value, trial.epochs)
            self.listeners.notify("ended_elsewhere", *ended)
        self._look_at_time()
        if self.is_winding_up:
            self._withdraw_those_not_begun()
        has_none_to_hear = len(self._trials) == self.stages.num_waiting
        if has_none_to_hear and self.stages.waits_for_others():
            self.pause(LOOK_EVERY_S)
        if self.is_done or self.study.num_running or self.num_left:
            return
        if not self._stands_by:
            self._stands_by = True
            running = counted(self.study.num_elsewhere, "trial")
            self.note(
                f"waiting for {running} of other drivers, to go on with what they may leave (Ctrl-C does not wait)"
            )
        self.pause(LOOK_EVERY_S)

    def _withdraw_those_not_begun(self) -> None:
        if unheard := len(self._trials) - len(self._told):
            self.note(f"{counted(unheard, 'trial')} asked and not begun will be asked again")
        for number in dict.fromkeys([*self.stages.waiting(), *self.time_left.held, *self.queue.numbers]):
            self.withdraw(number)

    def _look_at_time(self) -> None:
        """Wind up where nothing runs, and what is put by comes to nothing in the time that is left."""
        runs = len(self._trials) > len(self.time_left.held)
        if self.is_winding_up or runs or not self.time_left.is_useless(self.num_left):
            return
        self._has_no_use_for_time = True
        left = f"{self._left_s() or 0:.0f} s"
        self.note(f"in the {left} that are left no trial comes to a quarter of its epochs: none is begun")

    def say_stopping(self) -> None:
        """Acknowledge a Ctrl-C before anything is waited for."""
        running = counted(len(self._told), "trial")
        asking = f"asking {running} to save (Ctrl-C again to stop now)" if self._told else "no trial runs"
        self.note(f"stopping: {asking}")

    @deferring_interrupts
    def interrupt(self) -> None:
        """End every running trial as interrupted; its parameters are asked again when the sweep goes on."""
        for number in list(self._trials):
            self.ended(number, Outcome(OutcomeKind.INTERRUPTED, "the sweep was interrupted"))

    def could_not_save(self, number: int, why: str) -> None:
        """Warn that a trial which ends has left an older checkpoint than it might, or not the weights it led with."""
        self.listeners.tell_user(f"trial {number} is not saved where it stopped: {why}")

    def _after_loss(self, number: int, failure: Outcome) -> Outcome:
        trial = self._trials[number]
        return self.failures.worker_lost(
            failure,
            root=trial.root,
            retries=self.study.num_retries(number),
            is_alone=len(self._told) == 1,
        )

    def _worker_loss(self, number: int, reason: FailureReason, message: str, known: str) -> Outcome:
        file = self._keep_words(self._trials[number], known) if known else ""
        return Outcome(OutcomeKind.FAILED, message, file, reason)

    def _keep_words(self, trial: Trial, known: str) -> str:
        """The file that holds what is known of a worker's end; "" where it cannot be written."""
        artifacts = self.artifacts.trial(trial.folder)
        with suppress(StorageError):
            artifacts.record_error(known)
            return str(artifacts.error)
        return ""

    def _natural_outcome(self, number: int, last: EpochReport | None) -> Outcome:
        if number in self._pruned:
            return Outcome(OutcomeKind.PRUNED)
        if number in self._paused and (moves := self._must_move.get(number)):
            return Outcome(OutcomeKind.INTERRUPTED, moves, is_blameless=True)
        if number in self._paused:
            why = self.failures.why if self.failures.is_over else "the time budget was spent"
            return Outcome(OutcomeKind.INTERRUPTED, why)
        if last is not None and last.diverged:
            return Outcome(OutcomeKind.DIVERGED, f"the loss was not finite in epoch {last.epoch}")
        return Outcome(OutcomeKind.COMPLETED)
