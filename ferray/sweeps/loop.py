"""`run_trials`: the loop in which a launcher trains what the driver asks for, and the driver hears what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ferray.errors import ClusterError
from ferray.events import Decision, EpochReport, FailureReason, Outcome, Save
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.launcher import Event, Launcher, MustMove, NotSaved, PhaseEntered, Placed, TrialEvent, WorkerLost
from ferray.sweeps.timeouts import Phase

WAIT_TOLD_S = 15.0  # a worker of another user's may be ending
_SAVED = {Decision.PAUSE: Save.LAST, Decision.KEEP: Save.BEST}  # by why a trial is dropped


def run_trials(driver: SweepDriver, launcher: Launcher) -> None:
    """Run the sweep to its end. On KeyboardInterrupt every running trial is ended as interrupted first."""
    with launcher.opened(driver.note):
        loop = SweepLoop(driver, launcher)
        driver.start(loop.placement.slots)
        try:
            loop.run()
        except KeyboardInterrupt:
            driver.say_stopping()
            with suppress(KeyboardInterrupt):  # a second one: those that have not saved go on from less
                loop.stop()
            driver.interrupt()
            raise
        except ClusterError:
            driver.interrupt()
            raise


@dataclass
class _Running:
    """The trials of a bundle that have not ended, why its worker was killed if it was, and whether it met a bug."""

    numbers: set[int]
    killed: str = ""
    has_met_bug: bool = False


class SweepLoop:
    """Turn after turn until the driver is done: bundles go out while there is room, events come back and are heard."""

    def __init__(self, driver: SweepDriver, launcher: Launcher) -> None:
        self.placement = launcher.capacity()
        self._driver = driver
        self._launcher = launcher
        self._running: dict[int, _Running] = {}  # by the number of each trial
        self._num_workers = 0
        self._waits: set[int] = set()  # trials that were handed out, and whose worker has no resources yet
        self._told_waiting = ""  # for what, since when nothing else happens

    def run(self) -> None:
        """Until nothing runs and nothing is left to start."""
        while not self._driver.is_done:
            self.turn()
        self.stop()

    def turn(self) -> None:
        """One look at everything."""
        self._driver.tend()
        self._look_at_placement()
        self._start_bundles()
        events = self._launcher.poll()
        self._hear_phases(events)
        for event in events:
            self._answer(event)
        self._withdraw_waiting()
        self._kill_overdue()

    def stop(self) -> None:
        """Have all that runs saved, and hear what could not be."""
        for event in self._launcher.stop():
            self._answer(event)

    @property
    def has_room(self) -> bool:
        """Whether another worker may be asked for."""
        return self._num_workers < self.placement.slots

    def _look_at_placement(self) -> None:
        sharing = self._driver.sharing
        if sharing is not None and sharing.gpus != self.placement.gpus:
            self._launcher.give_gpus(sharing.gpus)
        former, self.placement = self.placement, self._launcher.capacity()
        if self.placement.slots != former.slots:
            self._driver.failures.expect(self.placement.slots)
        if self.placement.slots != former.slots and self.placement.gpus == former.gpus:
            self._driver.note(f"the cluster has changed: {self.placement}")
        waits = bool(self.placement.free) and self._driver.timeouts.all_wait_s() > WAIT_TOLD_S
        for_what = self.placement.autoscaler or "nothing" if waits else ""
        if for_what and for_what != self._told_waiting:
            wanted = f"{self.placement.of_one_trial} on one node"
            scaled = f"; the autoscaler: {self.placement.autoscaler}" if self.placement.autoscaler else ""
            self._driver.note(f"waiting for {wanted}: the whole cluster has {self.placement.free} free{scaled}")
        self._told_waiting = for_what

    def _start_bundles(self) -> None:
        self._launcher.expect(self._num_workers + -(-self._driver.num_to_begin // self.placement.trials_per_worker))
        while self.has_room and (bundles := self._driver.next_bundles(self.placement.slots - self._num_workers)):
            for bundle in bundles:
                running = _Running(set(bundle.numbers))
                self._running |= dict.fromkeys(bundle.numbers, running)
                self._num_workers += 1
                self._launcher.start(bundle)

    def _hear_phases(self, events: Sequence[Event]) -> None:
        """Have the record say which trials wait for their resources; what is heard of otherwise has got them."""
        waits = set(self._waits)
        for event in events:
            match event:
                case PhaseEntered(number, phase) if number in self._running:
                    self._driver.timeouts.enter(number, phase)
                    (waits.add if phase is Phase.WAITS else waits.discard)(number)
                case TrialEvent(number):
                    waits.discard(number)
                case WorkerLost(numbers):
                    waits -= set(numbers)
        if waits != self._waits:
            self._driver.begin(sorted(self._waits - waits), waiting=sorted(waits - self._waits))
            self._waits = waits

    def _answer(self, event: Event) -> None:
        match event:
            case TrialEvent(number, Outcome() as failure) if number in self._running:
                self._failed(number, failure)
            case TrialEvent(number, EpochReport() as report) if number in self._running:
                self._epoch_ended(number, report)
            case Placed(number, host) if number in self._running:
                self._driver.study.remember_host(number, host)
            case MustMove(number, why) if number in self._running:
                self._driver.must_move(number, why)
            case WorkerLost():
                self._worker_lost(event)
            case NotSaved(number, why):
                self._driver.could_not_save(number, why)

    def _epoch_ended(self, number: int, report: EpochReport) -> None:
        decision = self._driver.epoch_ended(number, report)
        if decision is Decision.CONTINUE and not report.is_last:
            return
        if not report.is_last:
            self._launcher.drop(number, save=_SAVED.get(decision, Save.NOTHING))
        self._ended(number)

    def _ended(self, number: int, failure: Outcome | None = None) -> None:
        self._forget(number)
        self._driver.ended(number, failure)

    def _failed(self, number: int, failure: Outcome) -> None:
        """After a bug in one trial of a bundle, a CUDA context may be beyond repair for all the others."""
        running, is_bug = self._running[number], failure.reason is FailureReason.BUG
        if running.has_met_bug and is_bug:
            self._forget(number)
            self._driver.ended_beside_others(number, failure)
        else:
            running.has_met_bug |= is_bug
            self._ended(number, self._driver.with_more_memory(number, failure))

    def _worker_lost(self, loss: WorkerLost) -> None:
        numbers = [number for number in loss.numbers if number in self._running]
        if not numbers:
            return
        reason, message = loss.reason, loss.message
        if hung := self._running[numbers[0]].killed:
            reason, message = FailureReason.HANG, hung
        for number in numbers:
            self._forget(number)
        self._driver.lost(numbers, reason, message, loss.words, is_elsewhere=loss.is_elsewhere)

    def _forget(self, number: int) -> None:
        running = self._running.pop(number)
        self._waits.discard(number)
        running.numbers.discard(number)
        self._num_workers -= not running.numbers

    def _withdraw_waiting(self) -> None:
        """Trials that have not begun when the sweep winds up wait for nothing any more."""
        if not self._driver.is_winding_up:
            return
        for number in self._driver.timeouts.numbers_in(Phase.WAITS):
            self._launcher.drop(number, save=Save.NOTHING)
            self._forget(number)
            self._driver.withdraw(number)

    def _kill_overdue(self) -> None:
        for number, why in self._driver.timeouts.overdue().items():
            running = self._running[number]
            if not running.killed:
                running.killed = why
                self._launcher.kill(number)
