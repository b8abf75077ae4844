"""Whatever happens to a sweep, in any order and cut short at any write, its record stays true.

The machine plays launcher and fate to a real driver and study over a journal in memory: it asks, reports, ends trials
in every way, loses workers, restarts them, and kills the driver before any write, also while it is starting again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from optuna.trial import FrozenTrial, TrialState

from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.events import Decision, EpochReport, FailureReason, Listener, Outcome, OutcomeKind, TrialEnded
from ferray.study.history import read_sweep
from ferray.study.study import Study
from ferray.sweeps.driver import Listeners, SweepDriver
from ferray.testing.curves import as_told, curve_report, next_job, run_curves, saturating, small_spec
from ferray.testing.fragile_store import Crash, FragileJournal

TRIALS = 8
MAX_RETRIES = 2
COUNTED = ("completed", "pruned", "diverged", "failed")
FAILURES = (OutcomeKind.FAILED, OutcomeKind.INTERRUPTED, OutcomeKind.DIVERGED, OutcomeKind.COMPLETED)
VALUES = st.one_of(st.floats(0, 1), st.just(math.nan))
CUTS = st.none() | st.integers(0, 60)  # writes that a process has left to live, None: all it wants


@dataclass
class Running:
    """A trial as its worker sees it."""

    job: TrialJob
    reports: list[EpochReport] = field(default_factory=list)
    fresh: bool = True
    must_end: bool = False


class Told(Listener):
    """Keeps how trials ended, as the user was told."""

    def __init__(self) -> None:
        self.ended: list[TrialEnded] = []

    def trial_ended(self, trial: TrialEnded) -> None:
        self.ended.append(trial)


class Sweep(RuleBasedStateMachine):
    """One sweep of TRIALS trials, and what is known to be true of it."""

    spec: SweepSpec
    study: Study | None = None

    @initialize(pruner=st.sampled_from([{"none": {}}, {"median": {"startup_trials": 1}}, {"hyperband": {}}]))
    def begin(self, pruner: dict[str, Any]) -> None:
        self.spec = small_spec(pruner=pruner, budget={"trials": TRIALS}, base={"epochs": 3})
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.journal = FragileJournal()
        self.reader = self.journal.open_beside()
        self.told = Told()
        self.checkpoints: dict[str, list[EpochReport]] = {}  # by folder, as on disk
        self.stopped: set[int] = set()  # the pruner said so
        self.handed: dict[int, TrialJob] = {}
        self.ends: dict[int, str] = {}
        self.reopen()

    def reopen(self) -> None:
        store = self.journal.open()
        former, self.study = self.study, Study(self.spec, store)
        if former is not None:
            former.close()  # only its thread is left; the lease has passed on
        runtime = Runtime(output=Path("runs"), cache_dir=Path("cache"), max_retries=MAX_RETRIES, max_failures=10**6)
        self.driver = SweepDriver(self.spec, runtime, self.study, Path("/runs/curves"), Listeners([self.told]))
        self.driver.start(slots=TRIALS)
        self.running: dict[int, Running] = {}

    def until(self, writes: int | None, act: Callable[[], object]) -> None:
        """Do it, and die after so many writes; a driver that died is started again."""
        self.journal.crash_after(writes)
        try:
            act()
        except Crash:
            self.reopen()
        self.journal.crash_after(None)

    def some(self, pick: int) -> Running:
        return list(self.running.values())[pick % len(self.running)]

    @rule(values=st.lists(VALUES, min_size=1, max_size=12), slots=st.integers(1, 3), saved=st.booleans(), cut=CUTS)
    def go_on(self, values: list[float], slots: int, saved: bool, cut: int | None) -> None:
        """What a launcher does all day: fill the slots, pass on an epoch, end what is done."""
        self.until(cut, lambda: [self._turn(value, slots, saved) for value in values])

    def _turn(self, value: float, slots: int, saved: bool) -> None:
        done = [number for number, trial in self.running.items() if trial.must_end]
        if done:
            self._end(done[0], None)
        elif len(self.running) < slots and self._ask():
            return
        elif self.running:
            self._report(self.some(len(self.journal.lines)), value, saved)

    def _ask(self) -> bool:
        job = next_job(self.driver)
        if job is not None:
            self.handed[job.number] = job
            self.running[job.number] = Running(job)
        return job is not None

    def _report(self, trial: Running, value: float, saved: bool) -> None:
        earlier = self._restored(trial) if trial.fresh else None
        trial.reports = list(earlier) if earlier is not None else trial.reports
        config = trial.job.trial_config()
        epoch = as_told([*trial.reports, curve_report(config, len(trial.reports) + 1, lambda *_: value)])[-1]
        trial.fresh = False
        trial.reports.append(epoch)
        if saved:
            self.checkpoints[trial.job.folder] = list(trial.reports)
        sent = EpochReport(**{**vars(epoch), "earlier": tuple(earlier) if earlier is not None else None})
        decision = self.driver.epoch_ended(trial.job.number, sent)
        if decision is not Decision.CONTINUE:
            self.stopped.add(trial.job.number)
        trial.must_end = decision is not Decision.CONTINUE or epoch.is_last

    def _restored(self, trial: Running) -> list[EpochReport]:
        """What the worker finds on disk: its own checkpoint, else that of an interrupted trial before it."""
        before = self.study_trial(trial.job.number).user_attrs.get("resume_folders", [])
        folders = [trial.job.folder, *(f"/runs/curves/{folder}" for folder in before)]
        saved = [self.checkpoints[folder] for folder in folders if folder in self.checkpoints]
        return [report for report in (saved[0] if saved else []) if not report.is_last]

    @precondition(lambda self: self.running)
    @rule(pick=st.integers(0), kind=st.sampled_from(FAILURES), cut=CUTS)
    def end_in_any_way(self, pick: int, kind: OutcomeKind, cut: int | None) -> None:
        number = self.some(pick).job.number
        self.until(cut, lambda: self._end(number, Outcome(kind, "so it was", reason=FailureReason.BUG)))

    def _end(self, number: int, outcome: Outcome | None) -> None:
        self.driver.ended(number, outcome)
        del self.running[number]

    @precondition(lambda self: self.running)
    @rule(pick=st.integers(0), cut=CUTS)
    def lose_a_worker(self, pick: int, cut: int | None) -> None:
        number = self.some(pick).job.number
        self.until(cut, lambda: self._lose(number))

    def _lose(self, number: int) -> None:
        self.driver.lost([number], FailureReason.WORKER_LOST, "its worker was lost")
        del self.running[number]

    @precondition(lambda self: self.running)
    @rule(pick=st.integers(0))
    def start_a_worker_over(self, pick: int) -> None:
        """As after out of memory: the same trial goes on from its checkpoint."""
        trial = self.some(pick)
        trial.fresh = not trial.must_end

    @rule(asked=st.booleans(), cut=st.none() | st.integers(0, 20))
    def interrupt_or_kill(self, asked: bool, cut: int | None) -> None:
        """End the driver, on Ctrl-C or at once, and kill the one that goes on as well while it starts."""
        if asked:
            self.until(cut, self.driver.interrupt)
        store = self.journal.open()
        self.journal.crash_after(cut)
        with suppress(Crash):
            Study(self.spec, store).close()
        self.reopen()

    def trials(self) -> list[FrozenTrial]:
        return self.reader.get_all_trials(0, deepcopy=False)

    def study_trial(self, number: int) -> FrozenTrial:
        return self.trials()[number]

    @invariant()
    def what_runs_in_the_store_runs_here(self) -> None:
        if self.study is not None:
            in_store = {trial.number for trial in self.trials() if trial.state is TrialState.RUNNING}
            assert in_store == set(self.running)

    @invariant()
    def count_is_the_stores(self) -> None:
        if self.study is not None:
            records = read_sweep(self.reader, "curves").trials
            assert self.study.num_finished == sum(record.outcome in COUNTED for record in records) <= TRIALS

    @invariant()
    def finished_trials_never_change(self) -> None:
        if self.study is not None:
            now = {trial.number: str(trial) for trial in self.trials() if trial.state.is_finished()}
            assert {number: now.get(number) for number in self.ends} == self.ends
            self.ends = now

    @invariant()
    def pruned_only_where_the_pruner_said_so(self) -> None:
        if self.study is not None:
            pruned = {trial.number for trial in self.trials() if trial.state is TrialState.PRUNED}
            assert pruned <= self.stopped

    @invariant()
    def user_was_told_of_each_end_once(self) -> None:
        if self.study is not None:
            assert max(Counter(trial.number for trial in self.told.ended).values(), default=1) == 1

    @invariant()
    def no_parameters_are_lost_or_doubled(self) -> None:
        """Every set handed out is in one chain of attempts, of which all but the last were interrupted."""
        if self.study is None:
            return
        trials = self.trials()
        again = Counter(trial.user_attrs["retry_of"] for trial in trials if "retry_of" in trial.user_attrs)
        assert set(again.values()) <= {1}
        for number, job in self.handed.items():
            trial = trials[number]
            assert trial.state is not TrialState.WAITING
            interrupted = trial.state is TrialState.FAIL and not counts(trial)
            assert again[number] == interrupted
            root = trials[trial.user_attrs.get("root", number)]
            assert (job.config, trial.params) == (root.user_attrs["trial"]["config"], root.params)

    @invariant()
    def retries_are_capped(self) -> None:
        if self.study is not None:
            assert max((trial.user_attrs.get("retries", 0) for trial in self.trials()), default=0) <= MAX_RETRIES

    def teardown(self) -> None:
        """Run what is left: each of the sets asked for ends once, and there are as many as were asked."""
        if self.study is None:
            return
        self.reopen()
        run_curves(self.driver, saturating, slots=2)
        self.study.close()
        trials = self.trials()
        ended = [trial.user_attrs.get("root", trial.number) for trial in trials if counts(trial)]
        assert len(ended) == len(set(ended)) == TRIALS
        assert {trials[number].user_attrs.get("root", number) for number in self.handed} <= set(ended)
        assert len({str(trials[root].params) for root in ended}) == TRIALS
        assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}


def counts(trial: FrozenTrial) -> bool:
    return trial.user_attrs.get("result", {}).get("outcome") in COUNTED


TestSweep = Sweep.TestCase
TestSweep.settings = settings(
    max_examples=40,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
