"""A listed few taken out of a training split, and nowhere else: what is chosen and judged by stays whole.

A list may say of samples that they leave every split, as one does that makes a clean split of a set with copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ferray.config.exclusion import Exclusion
from ferray.data.samples import PackedSamples, Sample, SealedSplit, Splits
from ferray.errors import DataError
from ferray.text.counting import counted


@dataclass(frozen=True)
class LeftOut:
    """How many of the listed samples are out of training, stand in other splits, and are in no split at all.

    `num_val` and `num_test` are out of those splits, as the list asks.
    """

    num_train: int
    num_elsewhere: int
    num_unmatched: int
    num_val: int = 0
    num_test: int = 0

    @property
    def num_listed(self) -> int:
        """All of them."""
        return self.num_train + self.num_val + self.num_test + self.num_elsewhere + self.num_unmatched

    def __str__(self) -> str:
        verb = "is" if self.num_train == 1 else "are"
        parts = [f"left out of training {verb} {self.num_train:,} of {counted(self.num_listed, 'listed sample')}"]
        others = ((self.num_val, "validation"), (self.num_test, "test"))
        parts += [f"{count:,} out of {split}" for count, split in others if count]
        parts += [f"{counted(self.num_elsewhere, 'stays', 'stay')} in validation or test"] if self.num_elsewhere else []
        parts += [f"{counted(self.num_unmatched, 'matches', 'match')} nothing here"] if self.num_unmatched else []
        return ", ".join(parts)


def leave_out(splits: Splits, exclusion: Exclusion, *, name: str) -> tuple[Splits, LeftOut]:
    """The splits without what is listed for each; DataError where that empties a class of one.

    `name` is the data set's.
    """
    parts: dict[str, PackedSamples | SealedSplit] = {"train": splits.train, "val": splits.val, "test": splits.test}
    listed = {split: _is_listed(samples, exclusion, "train") for split, samples in parts.items()}
    leaves = {split: _is_listed(samples, exclusion, split) for split, samples in parts.items()}
    num_listed, gone = ({split: int(found.sum()) for split, found in chosen.items()} for chosen in (listed, leaves))
    left_out = LeftOut(
        gone["train"],
        num_elsewhere=sum(num_listed[split] - gone[split] for split in parts),
        num_unmatched=max(0, len(exclusion) - sum(num_listed.values())),
        num_val=gone["val"],
        num_test=gone["test"],
    )
    train, val = (samples.only(~leaves[split]) for split, samples in (("train", splits.train), ("val", splits.val)))
    kept = replace(splits, train=train, val=val, test=splits.test.only(~leaves["test"]))
    for split in parts:
        _refuse_empty_class(splits, kept, split, name)
    return kept, left_out


def not_listed(
    samples: Sequence[Sample], rows: NDArray[np.int64], exclusion: Exclusion, *, split: str = "train"
) -> NDArray[np.int64]:
    """Those of the rows whose sample does not leave the split."""
    kept = [row for row in rows.tolist() if not exclusion.lists(samples[row].sample_id, samples[row].name, split=split)]
    return np.array(kept, dtype=np.int64)


def _is_listed(samples: PackedSamples | SealedSplit, exclusion: Exclusion, split: str) -> NDArray[np.bool_]:
    each = zip(samples.sample_ids.tolist(), samples.names, strict=True)
    return np.array([exclusion.lists(sample_id, name, split=split) for sample_id, name in each], dtype=bool)


def _refuse_empty_class(before: Splits, after: Splits, split: str, name: str) -> None:
    counts = zip(getattr(before, split).class_counts(), getattr(after, split).class_counts(), strict=True)
    gone = [f"`{before.train.classes[label]}`" for label, (was, stays) in enumerate(counts) if was and not stays]
    if gone:
        part = {"train": "training", "val": "validation", "test": "test"}[split]
        message = f"the list of `--exclude` leaves no {part} image of {', '.join(gone)} in `{name}`"
        raise DataError(message, "take some of that class off the list")
