"""Readings of the test split written down, with those before told of, as judging asks for it before it begins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ferray.config.place import read_place
from ferray.config.runtime import Runtime
from ferray.results.blinding import reading_now, reading_words, readings_of, standing_of
from ferray.study.readings import remember_reading
from ferray.study.records import SweepRecord, TrialRecord

Tell = Callable[[str], None]
Remember = Callable[[Sequence[TrialRecord]], None]


def remembering(
    by: Literal["evaluate", "ensemble"],
    record: SweepRecord,
    folder: Path,
    runtime: Runtime,
    tell: Tell,
    *,
    begun: str = "",
) -> Remember:
    """What writes into the store of the sweep in `folder` that the test split is read for the trials it is given.

    `begun` says what is being read for where that may be cut short and gone on with: it is one reading then. `tell`
    hears of the readings before.
    """

    def remember(judged: Sequence[TrialRecord]) -> None:
        reading = reading_now(by, record.name, judged, standing_of(record, folder))
        if begun:
            reading = replace(reading, key=hashlib.sha256(begun.encode()).hexdigest()[:16])
        former = [each for each in readings_of(record, folder) if each.key != reading.key]
        if former:
            tell(f"note: the test split was read before: {'; '.join(map(reading_words, former))}")
        place = read_place(folder)
        remember_reading(replace(place, storage=runtime.storage or place.storage), reading)

    return remember
