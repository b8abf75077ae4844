"""Which samples are the same picture: copies on both sides of a split, and one picture under two labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ferray.data.samples import Sample, SampleList, Splits
from ferray.text.counting import counted


@dataclass(frozen=True)
class Copies:
    """How often one picture stands twice among the images of three splits.

    `val_in_train` and `test_in_seen` are images that training, or training and choosing, have seen as copies;
    `two_labels` pictures that stand under several classes.
    """

    val_in_train: int = 0
    test_in_seen: int = 0
    two_labels: int = 0

    def in_words(self) -> str:
        """The counts that are not none, "" where all are."""
        said = [
            (self.val_in_train, "of val is a copy of a training image", "of val are copies of training images"),
            (
                self.test_in_seen,
                "of test is a copy of an image of train or val",
                "of test are copies of images of train or val",
            ),
            (self.two_labels, "picture stands under two labels", "pictures stand under two labels"),
        ]
        return ", ".join(counted(count, one, many) for count, one, many in said if count)


def same_pictures(listing: SampleList) -> list[tuple[Sample, ...]]:
    """The samples of each picture that has several, in the order of the listing; none where contents are not known."""
    by_content: dict[str, list[Sample]] = defaultdict(list)
    for sample, content in zip(listing.samples, listing.contents, strict=False):
        by_content[content].append(sample)
    return [tuple(samples) for samples in by_content.values() if len(samples) > 1]


def count_copies(groups: Iterable[tuple[Sample, ...]], splits: Splits) -> Copies:
    """The copies among the samples that stand in the splits."""
    train, val, test = (set(split.sample_ids.tolist()) for split in (splits.train, splits.val, splits.test))
    seen, everything = train | val, train | val | test
    val_in_train = test_in_seen = two_labels = 0
    for samples in groups:
        label_of = {sample.sample_id: sample.label for sample in samples if sample.sample_id in everything}
        ids = label_of.keys()
        val_in_train += len(ids & val) if ids & train else 0
        test_in_seen += len(ids & test) if ids & seen else 0
        two_labels += len(set(label_of.values())) > 1
    return Copies(val_in_train, test_in_seen, two_labels)
