"""`TimeLeft`: which trials are worth beginning in what is left of a time budget."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ferray.stats.epoch_costs import EpochCosts, Known
from ferray.study.study import Trial

MOST_HELD = 4  # proposals that are put by for one that ends in time
USEFUL_FRACTION = 0.25  # of its epochs, before which a trial says little, and pruners wait
MOST_KNOWN = 500  # trials, the latest


@dataclass
class TimeLeft:
    """How long trials take, and those that are put by as there is no time for them; `left_s` is None without a budget.

    A trial that would end in time begins at once. Of a few that would not, those that come furthest begin when nothing
    better is proposed, as many as a worker holds, but for such as come to less than a quarter of their epochs: they are
    saved when the time is up, and can go on. How long an epoch takes is learnt from the trials of this command; until
    then all begin. Trials that wait for each other's stages are never put by.
    """

    now: Callable[[], float]
    left_s: Callable[[], float | None]
    held: dict[int, Trial] = field(default_factory=dict)  # by number
    _begun: dict[int, tuple[Trial, float]] = field(default_factory=dict)  # and when it began, or ended an epoch
    _epoch_s: dict[int, list[float]] = field(default_factory=dict)
    _known: deque[Known] = field(default_factory=lambda: deque(maxlen=MOST_KNOWN))
    _starts_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_KNOWN))
    _costs: EpochCosts | None = None

    @property
    def is_full(self) -> bool:
        """Whether enough are put by: no more are asked for."""
        return len(self.held) >= MOST_HELD

    def is_useless(self, num_left: int) -> bool:
        """Whether some are put by, none of which would come far enough, and of `num_left` trials none is asked for."""
        is_last_choice = self.is_full or not num_left
        return bool(self.held) and is_last_choice and max(map(self.reach, self.held.values())) < USEFUL_FRACTION

    def begin(self, trial: Trial) -> None:
        """The trial is handed to a worker."""
        self._begun[trial.number] = (trial, self.now())

    def epoch_ended(self, number: int) -> None:
        """A running trial has ended an epoch."""
        trial, since = self._begun[number]
        self._begun[number] = (trial, self.now())
        self._epoch_s.setdefault(number, []).append(self.now() - since)

    def forget(self, number: int) -> None:
        """The trial has ended; what it took is known from now on."""
        self.held.pop(number, None)
        begun, epochs_s = self._begun.pop(number, None), self._epoch_s.pop(number, [])
        if begun is None or not epochs_s:
            return
        first_s, *others_s = epochs_s
        # Their mean: of epochs that are heard of late, two at once, one seems to take no time.
        epoch_s = sum(others_s) / len(others_s) if others_s else first_s
        self._known.append(Known(begun[0].params, epoch_s))
        self._starts_s.append(max(0.0, first_s - epoch_s))
        self._costs = None

    def holds(self, trial: Trial) -> bool:
        """Whether the trial is put by from now on, as it would not end in time."""
        if self.reach(trial) >= 1.0 or trial.config.stages is not None:
            return False
        self.held[trial.number] = trial
        return True

    def released(self, num_left: int, most: int) -> list[Trial]:
        """At most so many for a worker: those that would end in time after all, as is known by now.

        Where no other of `num_left` trials is asked for, those that come furthest; none that do not come far enough.
        """
        least = USEFUL_FRACTION if self.is_full or not num_left else 1.0
        useful = [trial for trial in self.held.values() if self.reach(trial) >= least]
        useful.sort(key=self.reach, reverse=True)
        return [self.held.pop(trial.number) for trial in useful[:most]]

    def reach(self, trial: Trial) -> float:
        """The share of its epochs that the trial may have behind it when the time is up, 1 where it ends before."""
        left_s = self.left_s()
        if left_s is None or not self._known:
            return 1.0
        if self._costs is None:
            self._costs = EpochCosts(self._known)
        start_s = sum(self._starts_s) / len(self._starts_s)
        epochs = max(0.0, left_s - start_s) // self._costs.epoch_s(trial.params)
        return min(1.0, trial.done_fraction + epochs / trial.config.epochs_in_all)
