"""Whether the test split was read before a sweep's last trial had ended: what is chosen afterwards is not blind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import RESOLVED_NAME
from ferray.errors import DataError
from ferray.files.read import read_json
from ferray.results.held_out import HeldOut, read_held_out
from ferray.study.records import SweepRecord

ENDED = ("complete", "pruned", "diverged", "failed")  # for good: the others are asked again


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


def num_read(folder: Path) -> int:
    """How many trials of the sweep in `folder` have been judged on the test split."""
    return sum(artifacts.held_out.exists() for artifacts in SweepArtifacts.of(folder))


def _known(artifacts: TrialArtifacts) -> HeldOut | None:
    try:
        return read_held_out(artifacts)
    except DataError:
        return None
