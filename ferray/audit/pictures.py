"""The samples of three splits side by side, with a small grey picture of each. N = samples, S = pixels a side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.data.samples import Sample, SampleList, Splits

SIDE = 48  # FER-2013's own; alignment and its thresholds were measured at this size
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Pictures:
    """N samples in the order train, val, test. `parts` names the split of each, `contents` hashes its file, "" where
    nothing is known of that. `greys` is (N, S, S) uint8, or (0, 0, 0) for a data set of numbers.
    """

    samples: tuple[Sample, ...]
    labels: NDArray[np.int64]
    parts: NDArray[np.str_]
    contents: tuple[str, ...]
    greys: NDArray[np.uint8]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.samples)


def pictures_of(splits: Splits, listing: SampleList) -> Pictures:
    """Every sample that stands in a split, those of test too: their pixels are compared, and no model is asked."""
    by_id = {sample.sample_id: sample for sample in listing.samples}
    each = (splits.train, splits.val, splits.test)
    samples = tuple(by_id[number] for split in each for number in split.sample_ids.tolist())
    content_of = {sample.sample_id: content for sample, content in zip(listing.samples, listing.contents, strict=False)}
    return Pictures(
        samples,
        np.array([sample.label for sample in samples], dtype=np.int64),
        np.repeat(np.array(SPLITS), [len(split) for split in each]),
        tuple(content_of.get(sample.sample_id, "") for sample in samples),
        _greys(splits),
        listing.classes,
    )


def _greys(splits: Splits) -> NDArray[np.uint8]:
    if not splits.train.images.size:
        return np.zeros((0, 0, 0), dtype=np.uint8)
    each = (splits.train, splits.val, splits.test)
    greys = np.empty((sum(len(split) for split in each), *splits.train.images.shape[1:3]), dtype=np.uint8)
    places = ((split, position) for split in each for position in range(len(split)))
    for row, (split, position) in enumerate(places):
        cv2.cvtColor(split.picture(position), cv2.COLOR_RGB2GRAY, dst=greys[row])
    return greys
