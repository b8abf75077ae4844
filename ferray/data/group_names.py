"""File names that tell a group: the films of SFEW, the people of CK+ and JAFFE; and those that tell none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class NamePattern:
    """How a data set names its files; `title` says what the group is, `pattern` matches whole names without suffix."""

    title: str
    pattern: re.Pattern[str]

    def group_of(self, stem: str) -> str:
        """The group in a file's name, in lower case; "" where it is named otherwise."""
        match = self.pattern.fullmatch(stem)
        return match["group"].lower() if match else ""


SFEW = NamePattern("films in SFEW's names", re.compile(r"(?P<group>.+)_\d+_[^_]+"))
CK_PLUS = NamePattern("people in CK+'s names", re.compile(r"(?P<group>S\d{3})_\d{3}_\d{8}.*"))
JAFFE = NamePattern("people in JAFFE's names", re.compile(r"(?P<group>[A-Z]{2})\.(AN|DI|FE|HA|NE|SA|SU)\d\.\d+.*"))
KNOWN = (CK_PLUS, JAFFE, SFEW)
NAMELESS = {
    "RAF-DB": re.compile(r"(train|test)_\d+(_aligned)?"),
    "FER-2013": re.compile(r"(Training|PublicTest|PrivateTest)_\d+"),
}


def recognised(stems: Sequence[str]) -> NamePattern | None:
    """The first known way of naming that most of these names follow; None where none of them tells groups."""
    for known in KNOWN:
        num_named = sum(1 for stem in stems if not set_without_groups(stem) and known.group_of(stem))
        if 2 * num_named > len(stems):
            return known
    return None


def set_without_groups(stem: str) -> str:
    """The data set whose names look like this one and name no person; "" for any other name."""
    return next((name for name, pattern in NAMELESS.items() if pattern.fullmatch(stem)), "")
