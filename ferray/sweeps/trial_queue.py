"""`TrialQueue`: trials that were asked and have not begun, and which of them share a worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ferray.config.fusing import features_key, fuses
from ferray.config.runtime import Runtime
from ferray.study.study import Trial

APART = "apart"  # begins the groups of those that share with nobody


@dataclass
class TrialQueue:
    """Deals bundles: the trial that waits longest, and with it those that train as one with it; others in their order.

    Where the workers that are free hold all that wait, all go out, those on the same features side by side. So some
    wait for the bundles before them, and none for more to come. `apart` are the roots of trials that share with nobody.
    """

    runtime: Runtime
    apart: set[int] = field(default_factory=set)
    _waiting: dict[int, tuple[str, Trial]] = field(default_factory=dict)  # by number, with what it has to share

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def numbers(self) -> list[int]:
        """The trials that wait, in the order in which they came."""
        return list(self._waiting)

    def add(self, trials: Iterable[Trial]) -> None:
        """These can begin."""
        self._waiting |= {trial.number: (self._group_of(trial), trial) for trial in trials}

    def forget(self, number: int) -> bool:
        """The trial is not to begin; whether it waited here."""
        return self._waiting.pop(number, None) is not None

    def num_missing(self, workers: int) -> int:
        """How many trials more so many workers could hold than wait."""
        return max(0, self.runtime.trials_per_worker * workers - len(self))

    def wants_choice(self, workers: int) -> bool:
        """Whether the next bundles would have more heads to train as one if more trials were there to choose from."""
        groups = Counter(group for group, _ in self._waiting.values())
        if len(groups) < 2 or not all(fuses(trial.config, self.runtime) for _, trial in self._waiting.values()):
            return False
        return any(groups[group] < self.runtime.trials_per_worker for group in list(groups)[:workers])

    def deal(self, workers: int) -> list[Trial]:
        """The trials of the next of so many free workers; none where none waits."""
        each, numbers = self.runtime.trials_per_worker, self.numbers
        if not numbers:
            return []
        first = self._waiting[numbers[0]][0]
        fits = len(numbers) <= each * workers and not first.startswith(APART)
        places = {
            group: place for place, group in enumerate(dict.fromkeys(group for group, _ in self._waiting.values()))
        }
        chosen = [number for number in numbers if self._goes_with(first, number, fits=fits)]
        chosen.sort(key=lambda number: places[self._waiting[number][0]])
        return [self._waiting.pop(number)[1] for number in chosen[:each]]

    def _goes_with(self, first: str, number: int, *, fits: bool) -> bool:
        group = self._waiting[number][0]
        return group == first or (fits and not group.startswith(APART))

    def _group_of(self, trial: Trial) -> str:
        if trial.root in self.apart:
            return f"{APART} {trial.root}"
        return features_key(trial.config) if fuses(trial.config, self.runtime) else ""
