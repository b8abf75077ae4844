"""The test split, read once a trial: `evaluate` judges finished trials, and says when it was read before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ferray.apps.judge import judge_trials
from ferray.apps.reading import remembering
from ferray.config.runtime import Runtime
from ferray.results.held_out import HeldOut
from ferray.study.records import SweepRecord, TrialRecord

Tell = Callable[[str], None]


def evaluate_trials(
    record: SweepRecord, trials: Iterable[TrialRecord], folder: Path, runtime: Runtime, tell: Tell
) -> list[HeldOut]:
    """What each trial of the sweep in `folder` scores on its test split; one already judged is not judged again.

    The store of the sweep remembers each reading, and `tell` hears of those before. See `judge_trials`.
    """
    return judge_trials(record, trials, folder, runtime, tell, remembering("evaluate", record, folder, runtime, tell))
