"""How far a split parts people and films, and how many of them it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ferray.data.datasets import DatasetParams
from ferray.data.samples import PackedSamples, SampleList, Splits
from ferray.text.counting import counted


@dataclass(frozen=True)
class SharedGroups:
    """How many validation images have a group that training has too, of how many; `title` says what groups are."""

    num_shared: int
    num_val: int
    title: str

    def in_words(self) -> str:
        """A sentence with what helps."""
        told = f"{counted(self.num_shared, 'image')} of the {self.num_val:,} in val"
        verb = "is of a group" if self.num_shared == 1 else "are of groups"
        return f"{told} {verb} in train too ({self.title}): `dataset.split=kfold_by_group` keeps groups on one side"


@dataclass(frozen=True)
class GroupedImages:
    """How many validation images show how many people or films, fewer than there are images."""

    num_val: int
    num_groups: int
    title: str

    def in_words(self) -> str:
        """A sentence with what follows for intervals."""
        return (
            f"the {self.num_val:,} images in val are of {counted(self.num_groups, 'group')} ({self.title}): intervals "
            "take images as independent, and are narrower than they should be where those of a group are alike"
        )


@dataclass(frozen=True)
class GroupOf:
    """The group of each image by its id, of those that have one; `title` says what groups are."""

    title: str = ""
    by_id: Mapping[int, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, listing: SampleList) -> GroupOf:
        """Those of a listing."""
        return cls(listing.account.groups, _groups(listing))

    def groups(self, sample_ids: NDArray[np.int64]) -> tuple[str, ...] | None:
        """Of these images, "" where one has none; None where nobody knows a group of any."""
        found = tuple(self.by_id.get(number, "") for number in sample_ids.tolist())
        return found if any(found) else None


def shared_groups(listing: SampleList, splits: Splits, params: DatasetParams) -> SharedGroups | None:
    """Those of a split that is drawn image by image; None where it keeps groups, is the authors', or shares none."""
    is_given = splits.sources is not None and "{val}" in splits.sources.val
    group_of = _groups(listing)
    if is_given or params.split.endswith("_by_group") or not group_of:
        return None
    trained_on, in_val = set(_in(splits.train, group_of)) - {""}, _in(splits.val, group_of)
    num_shared = sum(group in trained_on for group in in_val)
    return SharedGroups(num_shared, len(in_val), listing.account.groups) if num_shared else None


def grouped_images(listing: SampleList, splits: Splits) -> GroupedImages | None:
    """Those of validation; None where nobody knows groups, or each image has one of its own."""
    group_of = _groups(listing)
    if not group_of:
        return None
    in_val = _in(splits.val, group_of)
    num_groups = len(set(in_val) - {""}) + in_val.count("")
    return GroupedImages(len(in_val), num_groups, listing.account.groups) if num_groups < len(in_val) else None


def _groups(listing: SampleList) -> dict[int, str]:
    """By sample id, of the samples that have one."""
    return {sample.sample_id: sample.group for sample in listing.samples if sample.group}


def _in(samples: PackedSamples, group_of: dict[int, str]) -> list[str]:
    """The group of each sample, "" where it has none."""
    return [group_of.get(number, "") for number in samples.sample_ids.tolist()]
