"""Everything ferray raises on purpose, and the exit code each one ends the command with.

    FerrayError            1
    ├── ConfigError        2   asked wrongly: a space, an option, a name
    │   ├── UnknownComponent
    │   └── ResumeMismatch     the folder holds another sweep than the one asked for
    ├── DataError          3   a data set or an image is missing or unreadable
    │   ├── BadSampleError     one image or csv row is bad, which `--bad-samples skip` passes over
    │   ├── CheckpointError    a checkpoint is missing, torn, or not ferray's
    │   └── StorageError       a disk does not take or give what ferray keeps on it
    ├── SweepFailed        4   the sweep ended and nothing completed
    └── ClusterError       5   Ray or a resource is not to be had

Ctrl-C ends with 130. Both arguments are positional, because exceptions with required keyword arguments do not
unpickle on the other side of a Ray call.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self

BAD_SAMPLE_HINT = "mend or delete what is named, or leave it out with `--bad-samples skip`"


class FerrayError(Exception):
    """One sentence of fact, and a hint with one thing to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class ConfigError(FerrayError):
    """What was asked for cannot be."""

    exit_code = 2


class UnknownComponent(ConfigError):
    """A name that no file and no entry point stands behind."""


class ResumeMismatch(ConfigError):
    """The folder already holds a sweep that differs from the one asked for."""


class DataError(FerrayError):
    """A data set or one of its files is missing or cannot be read."""

    exit_code = 3


class BadSampleError(DataError):
    """One image or csv row is bad, and its bytes alone decide that: asking again gives the same answer.

    `kind` is what such samples are counted under, `reason` what stands behind the sample's name. A disk that fails or a
    file that nobody may read is another DataError, which `--bad-samples skip` does not pass over.
    """

    def __init__(self, message: str, hint: str = "", kind: str = "unreadable", reason: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.reason = reason or message
        self.args = (message, hint, kind, reason)

    @classmethod
    def of(cls, what: str, kind: str, reason: str) -> Self:
        """The error about `what`, such as an image and its path in backticks."""
        return cls(f"{what} {reason}", BAD_SAMPLE_HINT, kind, reason)


class CheckpointError(DataError):
    """A checkpoint is missing, torn, or not one of this ferray: whoever can goes on from an older one."""


class StorageError(DataError):
    """A disk does not take or give what ferray keeps on it, which may be otherwise in a minute or on another node."""


class SweepFailed(FerrayError):
    """The sweep ended without one completed trial."""

    exit_code = 4


class ClusterError(FerrayError):
    """The machines do not give what the sweep needs."""

    exit_code = 5


INTERRUPTED_EXIT_CODE = 130


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name: its nearest neighbour, or the whole list where nothing is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known names: {', '.join(names)}" if names else ""
