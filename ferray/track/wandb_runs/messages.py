"""What the driver and the process that writes its runs (`child.py`) tell each other."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from ferray.events import EpochReport, SweepStarted, TrialEnded, TrialStarted

Event = TrialStarted | tuple[int, EpochReport] | TrialEnded


@dataclass(frozen=True)
class Begin:
    """What the process is to know first: the sweep, and the words that the driver was called by.

    W&B notes those words of each run, and hints name commands by them.
    """

    folder: Path
    sweep: SweepStarted
    argv: tuple[str, ...] = field(default_factory=lambda: tuple(sys.argv))
    program: tuple[str, ...] = field(
        default_factory=lambda: tuple(sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1])
    )

    def take_words(self) -> None:
        """Have this process called as the driver was."""
        sys.argv = list(self.argv)
        sys.orig_argv = [*self.program, *self.argv[1:]]


@dataclass(frozen=True)
class Closed:
    """A run is closed, and on its server or in its file unless it `is_lost`."""

    is_lost: bool


@dataclass(frozen=True)
class Trouble:
    """A line for the user, who hears the first."""

    line: str


@dataclass(frozen=True)
class Failure:
    """Why nothing can be written any more."""

    reason: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """By what it says, or its name."""
        return cls(str(error) or type(error).__name__)


Answer = Closed | Trouble | Failure
