"""A cluster in virtual time: GPUs that train, report, are preempted and come back, for the real loop of the driver.

Time is the driver's own CPU time, as it passes, plus the waiting that the loop would have done, which is skipped. So an
hour of a thousand GPUs takes as long to simulate as the driver is busy in it, and what the driver is too slow for is
seen as GPUs that wait.
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from bench.store_file import epoch_report
from ferray.config.job import JobBundle, TrialJob
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport, FailureReason, Save
from ferray.launch._phases import Phases
from ferray.sweeps.launcher import Event, Launcher, TrialEvent, WorkerLost
from ferray.sweeps.placement import Placement
from ferray.testing.memory_files import MemoryFileSystem

# An epoch's seconds over the mean of its trial: the percentiles 2.5, 7.5, ... 97.5 of 104 epochs, the first of each
# trial left out, of a sweep of `demo` and its confirmation on two slots. `--like FOLDER` takes those of another sweep.
EPOCH_RATIOS = (
    0.67,
    0.91,
    0.94,
    0.95,
    0.95,
    0.96,
    0.97,
    0.97,
    0.99,
    0.99,
    1.0,
    1.01,
    1.02,
    1.03,
    1.04,
    1.05,
    1.06,
    1.09,
    1.11,
    1.26,
)


class VirtualClock:
    """Seconds of a driver that never waits for real: they run with this thread's CPU time, `skip_to` does the rest."""

    def __init__(self) -> None:
        self._stopped_at: float | None = None
        self.restart()

    def restart(self) -> None:
        """Begin at 0."""
        self._began = time.thread_time()
        self._stopped = self._spent = self._skipped = 0.0

    @property
    def busy(self) -> float:
        """Seconds in which the driver's thread has not waited for news: its CPU time and what was spent for it."""
        return (self._stopped_at or time.thread_time()) - self._began - self._stopped + self._spent

    def __call__(self) -> float:
        return self._skipped + self.busy

    def skip_to(self, then: float) -> None:
        """Wait for news until `then`, if that is still to come."""
        self._skipped += max(0.0, then - self())

    def spend(self, seconds: float) -> None:
        """Let the driver's thread be held up by what is not simulated."""
        self._spent += seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Around what the simulation does and no driver would."""
        self._stopped_at = time.thread_time()
        try:
            yield
        finally:
            self._stopped += time.thread_time() - self._stopped_at
            self._stopped_at = None


@dataclass(frozen=True)
class World:
    """What the cluster is like; times in seconds.

    `tune_report_s` and `tune_trial_s` are what Ray Tune spends on the driver's side of each result and each trial
    (`bench/tune_cost.py`), `wandb_report_s` and `wandb_trial_s` what the threads do that hand W&B's process what
    happens, as if the driver's waited for all of it (`bench/driver_costs.py`), `fsync_s` what the disk of the record
    takes to keep a line. `answer_s` is the way from a decision to the next step, `set_up_s` a trial's start in a warm
    worker, `start_s` that of a cold one. A node of `gpus_per_node` is preempted at random, once in `preempted_every_s`
    on average (0: never), and comes back `back_after_s` later. A share `failing` of the trials loses its worker once.
    """

    gpus: int
    epoch_s: float = 60.0
    gpus_per_node: int = 8
    tune_report_s: float = 0.0008
    tune_trial_s: float = 0.006
    wandb_report_s: float = 0.0001
    wandb_trial_s: float = 0.0003
    fsync_s: float = 0.004
    answer_s: float = 0.01
    set_up_s: float = 0.25
    start_s: float = 20.0
    preempted_every_s: float = 0.0
    back_after_s: float = 300.0
    failing: float = 0.0
    ratios: Sequence[float] = EPOCH_RATIOS
    seed: int = 0


@dataclass
class Slot:
    """A GPU: since when nobody trains on it, whether a worker is warm, and what it trains."""

    node: int
    free_since: float = 0.0
    is_warm: bool = False
    number: int | None = None


@dataclass(eq=False)
class Attempt:
    """A trial in training: where it is, the epochs told so far, and the time at which the one under way ends."""

    job: TrialJob
    config: TrialConfig
    slot: Slot
    began: float
    pace: float
    told: list[EpochReport]
    piece: int
    due: float = 0.0
    is_first_word: bool = True
    fails: bool = False
    is_training: bool = True  # as `Phases` asks of a bundle

    @property
    def numbers(self) -> set[int]:
        """As `Phases` asks of a bundle."""
        return {self.job.number}


@dataclass
class Ledger:
    """What the GPUs did; seconds over all of them."""

    trained: float = 0.0
    waited: float = 0.0  # while trials were left to start: for the driver, or for a worker's start
    lost: float = 0.0  # epochs cut short by a preemption or failure
    away: float = 0.0  # of preempted nodes
    pieces: list[float] = field(default_factory=list)  # what each attempt took, in the order of their starts
    lags: list[float] = field(default_factory=list)  # from an epoch's end to its answer
    losses: int = 0


class VirtualCluster(Launcher):
    """Trains nothing: every trial follows the curve of `bench.store_file`, at the pace of its own network."""

    def __init__(self, runtime: Runtime, world: World, clock: VirtualClock, left: Callable[[], int]) -> None:
        super().__init__(runtime)
        self._world, self._clock, self._left = world, clock, left
        self._random = random.Random(world.seed)
        self._slots = [Slot(index // world.gpus_per_node) for index in range(world.gpus)]
        self._free = list(self._slots)
        self._waiting: list[TrialJob] = []
        self._running: dict[int, Attempt] = {}
        self._answering: Attempt | None = None
        self._known: dict[str, list[EpochReport]] = {}  # what an interrupted attempt had told, by its address
        self._news: list[Event] = []
        self._order = itertools.count()
        self._phases: Any = Phases(lambda: 0, now=clock)
        self._num_there = world.gpus
        self._due: list[tuple[float, int, str, Any]] = []
        self.ledger = Ledger()
        for node in range(-(-world.gpus // world.gpus_per_node)):
            self._plan_preemption(node)

    def check(self) -> Placement:
        return Placement(1, 1.0, self._num_there)

    def opened(self, tell: Callable[[str], None]) -> AbstractContextManager[None]:
        return nullcontext()

    def capacity(self) -> Placement:
        return self.check()

    def start(self, bundle: JobBundle) -> None:
        with self._clock.stopped():
            self._clock.spend(self._world.tune_trial_s + self._world.wandb_trial_s)
            self._waiting += bundle.jobs
            self._place()

    def drop(self, number: int, *, save: Save) -> None:
        with self._clock.stopped():
            if (attempt := self._running.pop(number, None)) is not None:
                self._leave(attempt)

    def kill(self, number: int) -> None:
        """Nothing: nobody hangs here."""

    def stop(self) -> Sequence[Event]:
        with self._clock.stopped():
            self._let_answered_go_on()  # the last of all epochs
        return ()

    def poll(self) -> Sequence[Event]:
        with self._clock.stopped():
            self._let_answered_go_on()
            news, self._news = self._news, []
            if not news and self._due:
                self._clock.skip_to(self._due[0][0])
                news = list(self._happens(*heapq.heappop(self._due)))
        return [*self._phases.changes(self._running.values()), *news]  # as the launcher on Ray does at each call

    def _happens(self, due: float, _: int, what: str, whom: Any) -> Sequence[Event]:
        if what == "preempted":
            return self._preempted(whom)
        if what == "back":
            return self._back(whom)
        number, expected = whom
        attempt = self._running.get(number)
        if attempt is None or attempt.due != expected:
            return ()  # its node has gone meanwhile
        if attempt.fails:
            return [self._lost(attempt, due, FailureReason.WORKER_LOST)]
        self._clock.spend(self._world.tune_report_s + self._world.wandb_report_s)
        return [TrialEvent(number, self._epoch_ended(attempt))]

    def _epoch_ended(self, attempt: Attempt) -> EpochReport:
        report = epoch_report(attempt.config, len(attempt.told) + 1, attempt.job.number)
        earlier, attempt.is_first_word = attempt.is_first_word and tuple(attempt.told), False
        attempt.told.append(report)
        MemoryFileSystem.contents[f"{attempt.job.folder}/last.pt"] = b"+"
        self._answering = attempt
        if report.is_last:
            del self._running[attempt.job.number]
        return replace(report, earlier=earlier) if earlier else report

    def _let_answered_go_on(self) -> None:
        """The loop has dealt with the epoch that it was told."""
        attempt, self._answering = self._answering, None
        if attempt is None:
            return
        self.ledger.lags.append(self._clock() - attempt.due)
        if attempt.job.number in self._running:
            self.ledger.waited += self._clock() - attempt.due + self._world.answer_s
            self._next_epoch(attempt, self._clock() + self._world.answer_s)
        elif attempt.slot.number == attempt.job.number:  # it was its last
            self._leave(attempt)

    def _place(self) -> None:
        while self._waiting and self._free:
            slot, job = self._free.pop(), self._waiting.pop(0)
            now = self._clock()
            self.ledger.waited += now - slot.free_since
            taken = self._world.set_up_s if slot.is_warm else self._world.start_s
            slot.is_warm, slot.number = True, job.number
            self._begin(job, slot, now, now + taken)

    def _begin(self, job: TrialJob, slot: Slot, began: float, trains_from: float) -> None:
        config = job.trial_config()
        pace = 0.5 + random.Random(f"{self._world.seed}/{config.recipe}").random()  # of its network; 1 on average
        told = list(self._known.get(job.resume_from.rpartition("/")[0], ()))
        attempt = Attempt(job, config, slot, began, pace, told, piece=len(self.ledger.pieces))
        self.ledger.pieces.append(0.0)
        attempt.fails = self._random.random() < self._world.failing and not told
        self._running[job.number] = attempt
        self._next_epoch(attempt, trains_from)

    def _next_epoch(self, attempt: Attempt, begins: float) -> None:
        attempt.due = begins + self._world.epoch_s * attempt.pace * self._random.choice(self._world.ratios)
        self.ledger.trained += attempt.due - begins
        heapq.heappush(self._due, (attempt.due, next(self._order), "epoch", (attempt.job.number, attempt.due)))

    def _leave(self, attempt: Attempt) -> None:
        """The slot is free from the end of the epoch on, whenever that was heard."""
        self.ledger.pieces[attempt.piece] = attempt.due - attempt.began
        attempt.slot.number, attempt.slot.free_since = None, attempt.due
        self._free.append(attempt.slot)
        self._place()

    def _lost(self, attempt: Attempt, now: float, reason: FailureReason) -> WorkerLost:
        number = attempt.job.number
        del self._running[number]
        self.ledger.losses += 1
        self.ledger.trained -= max(0.0, attempt.due - now)
        self.ledger.lost += self._world.epoch_s * attempt.pace - max(0.0, attempt.due - now)
        self._known[attempt.job.folder] = attempt.told
        attempt.due = now
        attempt.slot.is_warm = False
        self._leave(attempt)
        return WorkerLost((number,), reason, "its node was lost")

    def _on(self, node: int) -> list[Slot]:
        first = node * self._world.gpus_per_node
        return self._slots[first : first + self._world.gpus_per_node]

    def _plan_preemption(self, node: int) -> None:
        if self._world.preempted_every_s:
            at = self._clock() + self._random.expovariate(1 / self._world.preempted_every_s)
            heapq.heappush(self._due, (at, next(self._order), "preempted", node))

    def _preempted(self, node: int) -> list[Event]:
        now = self._clock()
        events: list[Event] = []
        for slot in self._on(node):
            self._num_there -= 1
            if slot.number is not None:
                events.append(self._lost(self._running[slot.number], now, FailureReason.NODE_LOST))
            self._free.remove(slot)
            if self._left():
                self.ledger.waited += now - slot.free_since
            self.ledger.away += self._world.back_after_s
        heapq.heappush(self._due, (now + self._world.back_after_s, next(self._order), "back", node))
        return events

    def _back(self, node: int) -> Sequence[Event]:
        for slot in self._on(node):
            self._num_there += 1
            slot.is_warm, slot.free_since = False, self._clock()
            self._free.append(slot)
        self._plan_preemption(node)
        self._place()
        return ()
