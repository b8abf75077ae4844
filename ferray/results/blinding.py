"""Whether the test split was read before a sweep's last trial had ended: what is chosen afterwards is not blind."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import RESOLVED_NAME
from ferray.errors import DataError
from ferray.files.read import read_json
from ferray.results.held_out import HeldOut, read_held_out
from ferray.study.records import Reading, SweepRecord, TrialRecord
from ferray.text.counting import counted

ENDED = ("complete", "pruned", "diverged", "failed")  # for good: the others are asked again
MOST_TOLD = 5  # readings of the test split, one by one


@dataclass(frozen=True)
class Standing:
    """How far a sweep has come: trials that have ended, and those that its budget asks for."""

    num_ended: int
    num_asked: int
    num_running: int

    @property
    def is_open(self) -> bool:
        """Whether more trials are to come, by the budget or because they run."""
        return self.num_ended < self.num_asked or self.num_running > 0

    def __str__(self) -> str:
        running = f", {self.num_running} {'runs' if self.num_running == 1 else 'run'}" if self.num_running else ""
        return f"{self.num_ended} of {self.num_asked} trials have ended{running}"


def standing_of(record: SweepRecord, folder: Path) -> Standing:
    """How far the sweep in `folder` has come; its budget is that of its last start."""
    ended = sum(trial.state in ENDED for trial in record.trials)
    running = sum(trial.state == "running" for trial in record.trials)
    return Standing(ended, max(num_asked(folder) or 0, ended), running)


def num_asked(folder: Path) -> int | None:
    """How many trials the last start of a sweep asked for; None where its folder does not say."""
    try:
        return int(read_json(folder / RESOLVED_NAME)["budget"]["trials"])
    except (DataError, ValueError, KeyError, TypeError):
        return None


def when_read(held_out: HeldOut, standing: Standing) -> str:
    """`read when 3 of 6 trials had ended`, "" where no trial has ended since and none is to come, or nobody knows."""
    if held_out.num_ended is None:
        return ""
    asked = max(held_out.num_asked or 0, standing.num_ended)
    early = held_out.num_ended < asked
    return f"read when {held_out.num_ended} of {asked} trials had ended" if early else ""


def earliest_reading(trials: Iterable[TrialArtifacts], standing: Standing) -> str:
    """`when_read` of the first time that one of these trials was judged."""
    found = [held_out for held_out in map(_known, trials) if held_out and held_out.num_ended is not None]
    first = min(found, key=lambda held_out: held_out.num_ended or 0, default=None)
    return when_read(first, standing) if first else ""


def reading_now(
    by: Literal["evaluate", "confirm", "ensemble"], sweep: str, trials: Iterable[TrialRecord], standing: Standing
) -> Reading:
    """A reading of the test split that begins now: the models of these trials, so far into the search."""
    numbers = tuple(trial.number for trial in trials)
    key, when = uuid.uuid4().hex, time.time()
    return Reading(key, by, sweep, numbers, when, standing.num_ended, standing.num_asked)


def readings_of(record: SweepRecord, folder: Path) -> tuple[Reading, ...]:
    """Every reading of the test split that is known of the sweep in `folder`, oldest first.

    Trials that were judged before readings were written down make the first one, without a date.
    """
    # Of the others, those of a confirmation are of trials of its own; a sweep may have been renamed since.
    own = [reading for reading in record.readings if reading.by != "confirm" or reading.sweep == record.name]
    dated = {number for reading in own for number in reading.trials}
    artifacts = SweepArtifacts.of(folder)
    judged = [trial for trial in record.trials if trial.folder and artifacts.trial(trial.folder).held_out.exists()]
    undated = tuple(trial.number for trial in judged if trial.number not in dated)
    return (*([Reading("undated", "evaluate", record.name, undated)] if undated else []), *record.readings)


def reading_words(reading: Reading) -> str:
    """`evaluate of trial 17 on 2026-11-26`, and how far the search had come where more trials were asked for."""
    of = f"trial {reading.trials[0]}" if len(reading.trials) == 1 else counted(len(reading.trials), "trial")
    when = "" if reading.when is None else time.strftime(" on %Y-%m-%d", time.localtime(reading.when))
    num_ended, num_asked = reading.num_ended, reading.num_asked
    early = num_ended is not None and num_asked is not None and num_ended < num_asked
    return f"{reading.by} of {of}{when}" + (f", when {num_ended} of {num_asked} trials had ended" if early else "")


def readings_sentence(readings: Sequence[Reading]) -> str:
    """How often the test split has been read, and by what; that it has not been where `readings` are none."""
    if not readings:
        return "The test split has not been read."
    more = f"; and {len(readings) - MOST_TOLD} more" if len(readings) > MOST_TOLD else ""
    told = "; ".join(map(reading_words, readings[:MOST_TOLD]))
    return f"The test split has been read {counted(len(readings), 'time')}: {told}{more}."


def already_read(record: SweepRecord, folder: Path) -> list[str]:
    """What has been read of the test split before the trials to come of the sweep in `folder`, by a phrase each."""
    read = num_read(folder)
    own = [f"{counted(read, 'trial was', 'trials were')} judged on the test split before"] if read else []
    confirmed = [each for each in record.readings if each.by == "confirm" and each.sweep != folder.name]
    return [*own, *(f"the test split was read before ({reading_words(each)})" for each in confirmed[:1])]


def num_read(folder: Path) -> int:
    """How many trials of the sweep in `folder` have been judged on the test split."""
    return sum(artifacts.held_out.exists() for artifacts in SweepArtifacts.of(folder))


def _known(artifacts: TrialArtifacts) -> HeldOut | None:
    try:
        return read_held_out(artifacts)
    except DataError:
        return None
