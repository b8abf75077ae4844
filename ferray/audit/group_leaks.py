"""Films or people that stand on both sides of a split: a model that knows the face is judged on it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ferray.audit.pictures import SPLITS, Pictures
from ferray.data.samples import Sample


@dataclass(frozen=True)
class SharedGroup:
    """A film or person with images in several splits, and how many in each."""

    group: str
    images: dict[str, int]


@dataclass(frozen=True)
class GroupLeaks:
    """`what` the groups are, how many there are, those on several sides, and how many samples tell none."""

    what: str
    num_groups: int
    num_without: int
    shared: tuple[SharedGroup, ...]

    def num_images(self, split: str) -> int:
        """Images of a split whose group also stands in one before it: of val in train, of test in train or val."""
        before = SPLITS[: SPLITS.index(split)]
        return sum(
            group.images.get(split, 0) for group in self.shared if any(group.images.get(part) for part in before)
        )


def find_group_leaks(pictures: Pictures, grouped: Sequence[Sample], what: str) -> GroupLeaks | None:
    """The groups on several sides; None where no sample tells its group. `grouped` are the samples with theirs."""
    images: dict[str, Counter[str]] = defaultdict(Counter)
    for sample, split in zip(grouped, pictures.parts.tolist(), strict=True):
        images[sample.group][split] += 1
    num_without = sum(images.pop("", Counter()).values())
    if not images:
        return None
    shared = tuple(
        SharedGroup(group, {split: counts[split] for split in SPLITS if counts[split]})
        for group, counts in sorted(images.items())
        if len(counts) > 1
    )
    return GroupLeaks(what, len(images), num_without, shared)
