"""How far a split parts people and films: validation images whose group is trained on too flatter a model."""

from __future__ import annotations

from dataclasses import dataclass

from ferray.data.datasets import DatasetParams
from ferray.data.samples import SampleList, Splits
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


def shared_groups(listing: SampleList, splits: Splits, params: DatasetParams) -> SharedGroups | None:
    """Those of a split that is drawn image by image; None where it keeps groups, is the authors', or shares none."""
    is_given = splits.sources is not None and "{val}" in splits.sources.val
    if is_given or params.split.endswith("_by_group"):
        return None
    group_of = {sample.sample_id: sample.group for sample in listing.samples}
    trained_on = {group_of.get(number, "") for number in splits.train.sample_ids.tolist()} - {""}
    in_val = [group_of.get(number, "") for number in splits.val.sample_ids.tolist()]
    num_shared = sum(group in trained_on for group in in_val)
    return SharedGroups(num_shared, len(in_val), listing.account.groups) if num_shared else None
