"""A listed few taken out of a training split, and nowhere else: what is chosen and judged by stays whole."""

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
    """How many of the listed samples are out of training, stand in other splits, and are in no split at all."""

    num_train: int
    num_elsewhere: int
    num_unmatched: int

    @property
    def num_listed(self) -> int:
        """All of them."""
        return self.num_train + self.num_elsewhere + self.num_unmatched

    def __str__(self) -> str:
        verb = "is" if self.num_train == 1 else "are"
        parts = [f"left out of training {verb} {self.num_train} of {counted(self.num_listed, 'listed sample')}"]
        parts += [f"{counted(self.num_elsewhere, 'stays', 'stay')} in validation or test"] if self.num_elsewhere else []
        parts += [f"{counted(self.num_unmatched, 'matches', 'match')} nothing here"] if self.num_unmatched else []
        return ", ".join(parts)


def leave_out(splits: Splits, exclusion: Exclusion, *, name: str) -> tuple[Splits, LeftOut]:
    """The splits with a training part that lacks what is listed; DataError where that empties a class of it.

    `name` is the data set's.
    """
    listed = {split: _is_listed(getattr(splits, split), exclusion) for split in ("train", "val", "test")}
    counts = {split: int(found.sum()) for split, found in listed.items()}
    elsewhere = counts["val"] + counts["test"]
    left_out = LeftOut(counts["train"], elsewhere, max(0, len(exclusion) - counts["train"] - elsewhere))
    train = _only(splits.train, ~listed["train"])
    _refuse_empty_class(splits.train, train, name)
    return replace(splits, train=train), left_out


def not_listed(samples: Sequence[Sample], rows: NDArray[np.int64], exclusion: Exclusion) -> NDArray[np.int64]:
    """Those of the rows whose sample is not on the list."""
    kept = [row for row in rows.tolist() if not exclusion.lists(samples[row].sample_id, samples[row].name)]
    return np.array(kept, dtype=np.int64)


def _is_listed(samples: PackedSamples | SealedSplit, exclusion: Exclusion) -> NDArray[np.bool_]:
    each = zip(samples.sample_ids.tolist(), samples.names, strict=True)
    return np.array([exclusion.lists(sample_id, name) for sample_id, name in each], dtype=bool)


def _only(samples: PackedSamples, kept: NDArray[np.bool_]) -> PackedSamples:
    return replace(
        samples,
        rows=samples.rows[kept],
        labels=samples.labels[kept],
        sample_ids=samples.sample_ids[kept],
        true_labels=samples.true_labels[kept],
        names=tuple(name for name, stays in zip(samples.names, kept.tolist(), strict=True) if stays),
    )


def _refuse_empty_class(before: PackedSamples, after: PackedSamples, name: str) -> None:
    gone = sorted(set(before.labels.tolist()) - set(after.labels.tolist()))
    if gone:
        classes = ", ".join(f"`{before.classes[label]}`" for label in gone)
        message = f"the list of `--exclude` leaves no training image of {classes} in `{name}`"
        raise DataError(message, "take some of that class off the list")
