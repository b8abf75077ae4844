"""The test split, read once a trial: `evaluate` judges finished trials, and says when it was read before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ferray.apps.judge import judge_trials
from ferray.config.place import read_place
from ferray.config.runtime import Runtime
from ferray.results.blinding import reading_now, reading_words, readings_of, standing_of
from ferray.results.held_out import HeldOut
from ferray.study.readings import remember_reading
from ferray.study.records import SweepRecord, TrialRecord

Tell = Callable[[str], None]


def evaluate_trials(
    record: SweepRecord, trials: Iterable[TrialRecord], folder: Path, runtime: Runtime, tell: Tell
) -> list[HeldOut]:
    """What each trial of the sweep in `folder` scores on its test split; one already judged is not judged again.

    The store of the sweep remembers each reading, and `tell` hears of those before. See `judge_trials`.
    """

    def remember(judged: Sequence[TrialRecord]) -> None:
        former = readings_of(record, folder)
        if former:
            tell(f"note: the test split was read before: {'; '.join(map(reading_words, former))}")
        reading = reading_now("evaluate", record.name, judged, standing_of(record, folder))
        place = read_place(folder)
        remember_reading(replace(place, storage=runtime.storage or place.storage), reading)

    return judge_trials(record, trials, folder, runtime, tell, remember)
