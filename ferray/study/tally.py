"""`Tally`: how far a study has come, brought up to date from its trials where other drivers add to it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from ferray.study.attempts import is_root
from ferray.study.records import TRIAL_ATTR
from ferray.study.recovery import counts


@dataclass
class Tally:
    """Numbers of the trials that count against the budget, and of the first attempts at each parameter set.

    `elsewhere` is how many trials run that are not this driver's, `news` those of other drivers that have ended for
    good since somebody took them.
    """

    finished: set[int] = field(default_factory=set)
    roots: set[int] = field(default_factory=set)
    elsewhere: int = 0
    news: list[FrozenTrial] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)  # trials that had not ended when they were last looked at
    _seen: int = 0

    def read(self, trials: Sequence[FrozenTrial], own: Container[int] = ()) -> list[FrozenTrial]:
        """Learn from all trials of the study, by number; those that are new or have changed. `own` run here."""
        changed = [trials[number] for number in sorted(self._open)] + list(trials[self._seen :])
        for trial in changed:
            if is_root(trial):
                self.roots.add(trial.number)
            if counts(trial) and trial.state.is_finished() and trial.number not in self.finished:
                self.finished.add(trial.number)
                self.news.append(trial)
        self._seen = len(trials)
        self._open = {trial.number for trial in changed if not trial.state.is_finished()}
        running = [number for number in self._open if trials[number].state is TrialState.RUNNING]
        self.elsewhere = sum(number not in own for number in running)
        return changed

    def take_news(self) -> list[FrozenTrial]:
        """The trials that have ended elsewhere since the last call."""
        news, self.news = self.news, []
        return news


def running_configs(trials: Sequence[FrozenTrial], own: Container[int]) -> dict[int, dict[str, Any] | None]:
    """The configurations of those that run and are not this driver's `own`, by number; None where none is written."""
    others = [trial for trial in trials if trial.state is TrialState.RUNNING and trial.number not in own]
    return {trial.number: trial.user_attrs.get(TRIAL_ATTR, {}).get("config") for trial in others}
