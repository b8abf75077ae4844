"""Everything ferray raises on purpose, and the exit code each one ends the command with.

    FerrayError            1
    ├── ConfigError        2   asked wrongly: a space, an option, a name
    │   ├── UnknownComponent
    │   └── ResumeMismatch     the folder holds another sweep than the one asked for
    ├── DataError          3   a data set or an image is missing or unreadable
    │   ├── BadSampleError     one image or csv row is bad, which `--bad-samples skip` passes over
    │   │   └── OneColourError     a picture with nothing in it, which `keep` packs all the same
    │   ├── CheckpointError    a checkpoint is missing, torn, or not ferray's
    │   └── StorageError       a disk does not take or give what ferray keeps on it
    ├── SweepFailed        4   the sweep ended and nothing completed
    └── ClusterError       5   Ray or a resource is not to be had
        ├── Unreachable        the head does not answer, which may be otherwise in a minute
        │   └── HeadFailed     it answers that it cannot answer, such as for a node that is gone
        └── NoSuchJob          the head knows no job of this name

Ctrl-C ends with 130. Both arguments are positional, because exceptions with required keyword arguments do not
unpickle on the other side of a Ray call.
"""

from __future__ import annotations

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


class OneColourError(BadSampleError):
    """A picture of which every pixel is `colour`, (red, green, blue); `shape` is its height and width."""

    KIND = "one colour"

    def __init__(
        self,
        message: str,
        hint: str = "",
        kind: str = KIND,
        reason: str = "",
        colour: tuple[int, int, int] = (0, 0, 0),
        shape: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__(message, hint, kind, reason)
        self.colour = colour
        self.shape = shape
        self.args = (message, hint, kind, reason, colour, shape)


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


class Unreachable(ClusterError):
    """The head of a cluster does not answer, which may be otherwise in a minute."""


class HeadFailed(Unreachable):
    """The head of a cluster answers that it cannot answer, such as for a node that is gone."""


class NoSuchJob(ClusterError):
    """The head of a cluster knows no job of this name."""


INTERRUPTED_EXIT_CODE = 130
MOST_NAMES = 40  # that a hint lists
FAR = 9  # slips, or more than anybody makes in a word


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name: its nearest neighbour, or the whole list where nothing is near."""
    names = sorted(known, key=lambda name: (len(name) if name.isdigit() else 0, name))
    near = nearest(word, names)
    if near:
        return f"did you mean `{near}`?"
    if len(names) > MOST_NAMES:
        return f"known names: {', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return f"known names: {', '.join(names)}" if names else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The one name that `word` is a slip of, "" where there is none or the choice is open: no offer beats a wrong one.

    A slip is another case or separator, a wrong, missing, doubled or swapped letter (two in a word of eight or more), a
    name cut short, or one with something more behind it. Numbers are not taken for slips of each other.
    """
    names = list(dict.fromkeys(known))
    plain = _plain(word)
    if not plain or plain.isdigit():
        return ""
    for distance in (_num_slips, _part, _stem):
        far = {name: distance(plain, _plain(name)) for name in names}
        found = [name for name in names if far[name] == min(far.values()) < FAR]
        if found:
            return found[0] if len(found) == 1 else ""
    return ""


def _plain(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter not in "-_ ")


def _part(word: str, name: str) -> int:
    """0 where one is the beginning of the other, FAR where it is not."""
    return 0 if (len(word) >= 3 and name.startswith(word)) or (len(name) >= 4 and word.startswith(name)) else FAR


def _stem(word: str, name: str) -> int:
    """0 where most of both is the same beginning, FAR where it is not."""
    shared = next((index for index, pair in enumerate(zip(word, name, strict=False)) if pair[0] != pair[1]), 0)
    return 0 if shared >= 6 and shared >= 0.7 * max(len(word), len(name)) else FAR


def _num_slips(word: str, name: str) -> int:
    """Letters to insert, delete, replace or swap with their neighbour, FAR where that makes another word of it.

    Source: the optimal string alignment distance.
    """
    most = 0 if len(word) < 3 else 1 if len(word) < 8 else 2
    if abs(len(word) - len(name)) > most:
        return FAR
    before: list[int] = []
    last = list(range(len(name) + 1))
    for row, letter in enumerate(word, start=1):
        here = [row]
        for column, other in enumerate(name, start=1):
            cost = min(last[column] + 1, here[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == name[column - 2] and word[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, last = last, here
    return last[-1] if last[-1] <= most else FAR
