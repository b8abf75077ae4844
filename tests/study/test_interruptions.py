"""With and without interruptions, pruners decide the same.

A sweep is played twice over a journal in memory. First workers are lost, start over, or run ahead of what was heard;
drivers are interrupted, or killed before any write, also while they start again. Then the same epochs are told in the
same order to a sweep that nothing disturbs. Each parameter set gets the same answer at each epoch and ends alike.

Parameters come from a grid: a sampler may well propose others after an interruption, as each driver seeds it anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import FrozenTrial, TrialState

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.events import Decision, EpochReport, FailureReason
from ferray.study.attempts import STOPPED_ATTR, values_of
from ferray.study.pruners import step_of
from ferray.study.study import Study
from ferray.sweeps.driver import Listeners, SweepDriver
from ferray.testing.curves import as_told, curve_report, next_job, small_spec
from ferray.testing.fragile_store import Crash, FragileJournal

SLOTS = 3
STOPPED = {Decision.KEEP: Decision.STOP}  # a stop, whatever is kept of its weights
RATES = (1e-5, 1e-4, 1e-3, 1e-2)
PLAIN = {"space": {"optimizer.lr": {"grid": list(RATES)}, "epochs": {"grid": [2, 5, 13]}}, "base": {}}
MORE_RATES = [number * rate for rate in RATES for number in (1, 2, 3)]
FOLDED = {"space": {"optimizer.lr": {"grid": MORE_RATES}}, "base": {"epochs": 2, "folds": {"k": 5}}}
NUM_SETS = 12
PRUNERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "hyperband": ({"hyperband": {"reduction_factor": 2}}, PLAIN),
    "asha": ({"asha": {"reduction_factor": 2}}, PLAIN),
    "median": ({"median": {"startup_trials": 1}}, PLAIN),
    "percentile": ({"percentile": {"startup_trials": 1, "keep_percent": 60.0}}, PLAIN),
    "patient": ({"patient": {"wraps": "asha", "patience_fraction": 0.1}}, PLAIN),
    "wilcoxon": ({"wilcoxon": {"p_threshold": 0.3}}, FOLDED),
}
SetId = tuple[float, int]


@dataclass
class Attempt:
    """A trial as its worker sees it: `at` is its last epoch, `restored` what its checkpoint held at its start."""

    number: int
    config: TrialConfig
    at: int = 0
    restored: int | None = 0


@dataclass(frozen=True)
class Trouble:
    """What happens in a turn: `cut` writes that the driver has left to live, `kept` shares that checkpoints hold."""

    pick: int
    kind: str
    cut: int
    kept: tuple[float, ...]


TROUBLES = st.builds(
    Trouble,
    pick=st.integers(0, 11),
    kind=st.sampled_from(["none"] * 6 + ["lost", "over", "kill", "interrupt", "crash", "later", "later", "ahead"]),
    cut=st.integers(0, 6),
    kept=st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 1.0])] * SLOTS),
)


@dataclass
class Played:
    """One sweep: what was said at each epoch of each set, in which order sets went on, and the driver at work."""

    spec: SweepSpec
    seed: int
    journal: FragileJournal = field(default_factory=FragileJournal)
    said: list[tuple[SetId, int, Decision]] = field(default_factory=list)
    turns: list[tuple[SetId, int]] = field(default_factory=list)
    running: dict[SetId, Attempt] = field(default_factory=dict)
    heard: dict[SetId, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study: Study | None = None
        self.reopen()

    def reopen(self, kept: tuple[float, ...] = (1.0,)) -> None:
        """A new driver, which takes up what ran from checkpoints that hold these shares of what was heard."""
        former, self.study = self.study, Study(self.spec, self.journal.open())
        if former is not None:
            former.close()
        runtime = Runtime(output=Path("runs"), cache_dir=Path("cache"), max_retries=10**6, max_failures=10**6)
        self.driver = SweepDriver(self.spec, runtime, self.study, Path("/runs/curves"), Listeners([]))
        self.driver.start(SLOTS)
        self.running.clear()
        self.fill(kept)

    def fill(self, kept: tuple[float, ...] = (1.0,)) -> None:
        while len(self.running) < SLOTS and (job := next_job(self.driver)) is not None:
            config = job.trial_config()
            key = (config.optimizer.lr, config.epochs)
            saved = int(kept[len(self.running) % len(kept)] * self.heard.get(key, 0))
            restored = min(saved, config.epochs_in_all - 1)
            self.running[key] = Attempt(job.number, config, restored, restored)

    def report(self, config: TrialConfig, epoch: int) -> EpochReport:
        """An epoch of a set as its worker tells of it, whichever attempt trains it."""
        return as_told(self.epoch(config, number + 1) for number in range(epoch))[-1]

    def epoch(self, config: TrialConfig, epoch: int) -> EpochReport:
        """The same epoch of the same set is worth the same."""
        noise = random.Random(f"{self.seed}/{config.optimizer.lr}/{config.epochs}/{epoch}").random()
        level = random.Random(f"{self.seed}/{config.optimizer.lr}").random()
        whole = replace(curve_report(config, epoch, lambda *_: 0.6 * level + 0.4 * noise), epochs=config.epochs_in_all)
        if config.folds is None:
            return whole
        return replace(whole, fold=(epoch - 1) // config.epochs, folds=config.num_folds)

    def go_on(self, key: SetId, target: int) -> None:
        """Have a set train to this epoch, and end it where it should end."""
        while key in self.running and self.running[key].at < target:
            attempt = self.running[key]
            epoch = self.report(attempt.config, attempt.at + 1)
            if attempt.restored is not None:
                past = tuple(self.report(attempt.config, number + 1) for number in range(attempt.restored))
                epoch = replace(epoch, earlier=past)
            decision = STOPPED.get(said := self.driver.epoch_ended(attempt.number, epoch), said)
            self.said.append((key, epoch.epoch, decision))
            attempt.at, attempt.restored = epoch.epoch, None
            self.heard[key] = max(self.heard.get(key, 0), epoch.epoch)
            if decision is Decision.STOP or epoch.is_last:
                self.driver.ended(attempt.number)
                del self.running[key]

    def turn(self, trouble: Trouble) -> None:
        """The next epoch of one of the sets that run, through trouble."""
        self.fill()
        if not self.running:
            return
        key = sorted(self.running)[trouble.pick % len(self.running)]
        target = self.heard.get(key, 0) + 1
        if trouble.kind == "later":
            self.crash_and_leave(key, target, trouble)
            return
        TROUBLE[trouble.kind](self, key, trouble)
        if key in self.running:
            attempt = self.running[key]
            target = min(max(target, attempt.at + 1), attempt.config.epochs_in_all)
            self.go_on(key, target)
        self.turns.append((key, target))

    def lose_worker(self, key: SetId, trouble: Trouble) -> None:
        self.driver.lost([self.running.pop(key).number], FailureReason.WORKER_LOST, "its worker was lost")
        self.fill(trouble.kept)

    def start_over(self, key: SetId, trouble: Trouble) -> None:
        """As after out of memory: the same trial from its checkpoint."""
        attempt = self.running[key]
        attempt.at = attempt.restored = int(trouble.kept[0] * attempt.at)

    def kill(self, key: SetId, trouble: Trouble) -> None:
        """The driver, and the next one while it starts."""
        store = self.journal.open()
        self.crashing(trouble.cut, lambda: Study(self.spec, store).close())
        self.reopen(trouble.kept)

    def interrupt(self, key: SetId, trouble: Trouble) -> None:
        self.crashing(trouble.cut, self.driver.interrupt)
        self.reopen(trouble.kept)

    def crash(self, key: SetId, trouble: Trouble) -> None:
        """The driver dies while it hears of the epoch, or of the trial's end."""
        target = self.heard.get(key, 0) + 1
        self.crashing(trouble.cut, lambda: self.go_on(key, target))
        self.reopen(trouble.kept)

    def crash_and_leave(self, key: SetId, target: int, trouble: Trouble) -> None:
        """The same, and others report before this set does again: it was heard if the store knows of it."""
        number = self.running[key].number
        self.crash(key, trouble)
        trial = self.journal.open_beside().get_all_trials(0, deepcopy=False)[number]
        was_heard = step_of(target, self.epochs_of(key)) in values_of(trial)
        if was_heard or key not in self.running:
            self.turns.append((key, target))
        if was_heard and (STOPPED_ATTR in trial.system_attrs or target == self.epochs_of(key)):
            self.go_on(key, target)  # its end alone was not told

    def epochs_of(self, key: SetId) -> int:
        return key[1] * (5 if self.spec.base.get("folds") else 1)

    def crash_with_a_worker_ahead(self, key: SetId, trouble: Trouble) -> None:
        """The same, and the epoch is in the checkpoint already."""
        self.crash(key, trouble)
        if key in self.running:
            attempt = self.running[key]
            saved = min(self.heard.get(key, 0) + 1, attempt.config.epochs_in_all - 1)
            attempt.at = attempt.restored = saved

    def crashing(self, writes: int, act: Callable[[], object]) -> None:
        self.journal.crash_after(writes)
        with suppress(Crash):
            act()
        self.journal.crash_after(None)

    def play_to_the_end(self) -> None:
        while True:
            self.fill()
            if not self.running:
                return
            key = min(self.running)
            self.turns.append((key, self.running[key].config.epochs_in_all))
            self.go_on(*self.turns[-1])

    def repeat(self, turns: list[tuple[SetId, int]]) -> None:
        """Undisturbed, let the sets go on in this order."""
        for key, target in turns:
            self.fill()
            self.go_on(key, target)

    def ends(self) -> dict[str, tuple[TrialState, dict[int, float]]]:
        """How each set ended, and what pruners know of it."""
        assert self.study is not None
        self.study.close()
        trials: list[FrozenTrial] = self.journal.open_beside().get_all_trials(0, deepcopy=False)
        ended = [trial for trial in trials if trial.state is not TrialState.FAIL]
        return {str(trial.params): (trial.state, trial.intermediate_values) for trial in ended}


TROUBLE: dict[str, Callable[[Played, SetId, Trouble], None]] = {
    "none": lambda *_: None,
    "lost": Played.lose_worker,
    "over": Played.start_over,
    "kill": Played.kill,
    "interrupt": Played.interrupt,
    "crash": Played.crash,
    "ahead": Played.crash_with_a_worker_ahead,
}


def spec(pruner: str, **changes: Any) -> SweepSpec:
    choice, sets = PRUNERS[pruner]
    return small_spec(**{**sets, "pruner": choice, "budget": {"trials": NUM_SETS}, **changes})


def undisturbed(spec: SweepSpec, seed: int, turns: list[tuple[SetId, int]]) -> Played:
    sweep = Played(spec, seed)
    sweep.repeat(turns)
    return sweep


@pytest.mark.parametrize("pruner", PRUNERS)
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6), troubles=st.lists(TROUBLES, min_size=1, max_size=16))
def test_interruptions_change_no_decision(pruner: str, seed: int, troubles: list[Trouble]) -> None:
    disturbed = Played(spec(pruner), seed)
    for trouble in troubles:
        disturbed.turn(trouble)
    disturbed.play_to_the_end()
    calm = undisturbed(spec(pruner), seed, disturbed.turns)
    decisions = {(key, epoch): decision for key, epoch, decision in calm.said}
    wrong = [told for told in disturbed.said if told[2] is not decisions.get(told[:2], Decision.STOP)]
    assert wrong == []
    assert disturbed.ends() == calm.ends()


@pytest.mark.parametrize("pruner", PRUNERS)
def test_the_sweeps_that_are_played_stop_some_trials_and_let_others_be(pruner: str) -> None:
    sweep = Played(spec(pruner), seed=1)
    for pick in range(60):
        sweep.turn(Trouble(pick, "none", 0, (1.0,)))
    sweep.play_to_the_end()
    assert {state for state, _ in sweep.ends().values()} == {TrialState.COMPLETE, TrialState.PRUNED}
