"""How much less images tell that come in groups: the people or films that a data set knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ferray.text.counting import counted

FEW = 8  # groups, below which a variance over them is itself hardly known


@dataclass(frozen=True)
class DesignEffect:
    """A score's variance over groups, as so many times that over independent images (1 or more), and its degrees."""

    effect: float
    degrees: float


@dataclass(frozen=True)
class Clusters:
    """The groups of the images behind a score: their `number`, what they are called, the design effect of each score.

    n images of a design effect d tell as much as n / d independent ones.
    Source: Kish, "Survey Sampling" (1965), section 8.2.
    """

    title: str
    number: int
    effects: Mapping[str, DesignEffect]

    def in_words(self) -> str:
        """`12 groups (people in CK+'s names)`, with a warning where they are few."""
        told = f"{counted(self.number, 'group')} ({self.title})"
        return f"{told}, too few to know an interval well" if self.number < FEW else told

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Clusters:
        """The inverse of `dataclasses.asdict`, also after a round trip through JSON."""
        effects = {metric: DesignEffect(**effect) for metric, effect in data["effects"].items()}
        return cls(str(data["title"]), int(data["number"]), effects)


def shared_by_images(groups: Sequence[str] | None) -> Sequence[str] | None:
    """The groups of images where any has more than one; None where all images are independent as far as is known."""
    return groups if groups and num_groups_of(groups) < len(groups) else None


def num_groups_of(groups: Sequence[str]) -> int:
    """How many there are; an image of an unknown group, "", is one by itself."""
    named = list(groups)
    return len(set(named) - {""}) + named.count("")
