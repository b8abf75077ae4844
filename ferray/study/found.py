"""What earlier commands left of a sweep, from its record: for the first line of the next one."""

from __future__ import annotations

from collections import Counter

from ferray.events import Found, OutcomeKind
from ferray.stats.ranking import trial_rank
from ferray.study.records import SweepRecord

_ASKED_AGAIN = (OutcomeKind.INTERRUPTED, "orphaned")


def found_in(record: SweepRecord) -> Found:
    """Trials that count against the budget, those whose retry has not begun, those that wait, and the best."""
    begun = {trial.number for trial in record.trials}
    ended = Counter(
        OutcomeKind(trial.outcome)
        for trial in record.trials
        if trial.outcome in set(OutcomeKind) - {OutcomeKind.INTERRUPTED}
    )
    again = [
        trial
        for trial in record.trials
        if trial.folder and trial.outcome in _ASKED_AGAIN and trial.superseded_by not in begun
    ]
    waiting = sum(trial.outcome == "waiting" for trial in record.trials)
    return Found(dict(ended), len(again), _best(record), waiting)


def _best(record: SweepRecord) -> tuple[int, float] | None:
    """The first of the trials with the best value."""
    complete = [
        (trial.number, trial.value) for trial in record.trials if trial.state == "complete" and trial.value is not None
    ]
    return min(complete, key=lambda trial: trial_rank(trial[0], trial[1], record.mode), default=None)
