"""What was found where a data set lies: which folders and files its parts come from, and what is not read and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ferray.text.counting import counted


@dataclass(frozen=True)
class PassedOver:
    """Files that are not read: how many, at which path below the data root, what they are in a few words, and why.

    `what` stands in the one line of the data set, so it is the same for what is alike; `path` and `why` in the list.
    """

    path: str
    count: int
    what: str
    why: str


@dataclass(frozen=True)
class Account:
    """The account of one data set. `place` is its folder or file, "" where it has none.

    `origins` says of each part what makes it so: ``folder `Val` ``, in a few words. `remarks` are one sentence each,
    about images that are read in another way than one might think. `groups` says what the samples' groups are.
    """

    place: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[PassedOver, ...] = ()
    remarks: tuple[str, ...] = ()
    groups: str = ""

    def passed_in_words(self) -> list[str]:
        """``folder `Test` (372 files: no class folders)``, ``3 files `.txt` ``: what is alike is counted together."""
        counts: Counter[str] = Counter()
        for passed in self.passed:
            counts[passed.what] += passed.count
        return [_counted(what, count) for what, count in counts.items()]


def _counted(what: str, count: int) -> str:
    if what.startswith("folder "):
        return f"{what} ({files(count)})"
    return f"{files(count)} {what}"


def files(count: int) -> str:
    """`1 file`, `12 files`."""
    return counted(count, "file")
