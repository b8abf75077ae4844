"""What a data set is before decoding (`SampleList`) and after (`PackedSamples`).

N = samples, H and W = pixels, C = classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.data.account import Account
from ferray.data.bad_samples import BadSample, Skipped
from ferray.data.judging import refuse_unless_judging

AUXILIARY = "auxiliary"  # the part of images that are always trained on, and never validated or tested on


@dataclass(frozen=True, slots=True)
class Sample:
    """One image before decoding.

    `sample_id` is stable: it depends on this image alone, not on other images, the split, the seed or the order of
    listing, and has at most 15 digits (see `ferray.data.sample_ids`).
    `source` says where the pixels are (the data set's own business: a path relative to the root, a csv row); `part` is
    the official part it came in (`train`, `val`, `test` or `all`; `AUXILIARY` for an image of another set), `group`
    what must not stand on two sides of a grouped split (the film), `true_label` the right label where the data set
    knows it for sure (demo), else None.
    `votes` are the shares of annotators for each class (C,), 1 in all, where several were asked; `label` has the most.
    """

    sample_id: int
    name: str
    label: int
    part: str
    source: str
    group: str = ""
    true_label: int | None = None
    votes: tuple[float, ...] | None = None


@dataclass(frozen=True)
class SampleList:
    """Every sample of a data set in the order of its files or rows, and the class names that labels index.

    `bad` are those that can be told to be bad from the listing alone (a csv row of the wrong length); they are not
    among `samples`. `account` says what else lay there, and where the parts come from. `contents` are hashes, one a
    sample, equal where two samples are the same picture; empty where nothing is known of that.
    """

    samples: tuple[Sample, ...]
    classes: tuple[str, ...]
    bad: tuple[BadSample, ...] = ()
    account: Account = field(default_factory=Account)
    contents: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True)
class PackedSamples:
    """Decoded samples of one split: views of the mapped pack, never copies of it.

    `images` is the whole pack (N_all, H, W, 3), uint8 RGB, read-only, without pixels (N_all, 0, 0, 3) for a data set of
    features; `rows` (N,) int64 are this split's rows in it. `features` (N_all, D) float32, read-only, are what is
    trained on in place of the images: a data set's own, NaN for an empty cell, or those of a descriptor. `labels` (N,)
    int64, `sample_ids` (N,) int64 and `true_labels` (N,) int64 (-1 = unknown) run parallel to `rows`, as do `votes`
    (N, C) float32, the shares of annotators for each class, None for a data set without them.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    sample_ids: NDArray[np.int64]
    true_labels: NDArray[np.int64]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    features: NDArray[np.float32] | None = None
    votes: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def class_counts(self) -> tuple[int, ...]:
        """How many samples each class has, in the order of the classes."""
        return tuple(np.bincount(self.labels, minlength=len(self.classes)).tolist())

    def only(self, kept: NDArray[np.bool_]) -> PackedSamples:
        """The split of those samples (N,) that are kept."""
        return replace(
            self,
            rows=self.rows[kept],
            labels=self.labels[kept],
            sample_ids=self.sample_ids[kept],
            true_labels=self.true_labels[kept],
            names=tuple(name for name, stays in zip(self.names, kept.tolist(), strict=True) if stays),
            votes=None if self.votes is None else self.votes[kept],
        )

    def picture(self, position: int) -> NDArray[np.uint8]:
        """The image (H, W, 3) at this position of the split."""
        picture: NDArray[np.uint8] = self.images_of(np.array([position]))[0]
        return picture

    def inputs_of(self, positions: NDArray[np.int64]) -> NDArray[np.uint8] | NDArray[np.float32]:
        """What is trained on at these positions of the split, a fresh copy: features (B, D) or else images."""
        return self.images_of(positions) if self.features is None else self.features[self.rows[positions]]

    def images_of(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at these positions of the split: (B, H, W, 3) uint8, a fresh copy the caller may write to."""
        return self.images[self.rows[positions]]


class SealedSplit:
    """The test split as everybody may know it: which images stand in it, and how many of each class.

    That much is needed to split, to count and to find copies. What models are judged by, inputs with their labels,
    is had by `unsealed` alone.
    """

    def __init__(self, samples: PackedSamples) -> None:
        self.__samples = samples

    def __len__(self) -> int:
        return len(self.__samples)

    @property
    def sample_ids(self) -> NDArray[np.int64]:
        """The ids (N,) of its images."""
        return self.__samples.sample_ids

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its images, parallel to `sample_ids`."""
        return self.__samples.names

    def class_counts(self) -> tuple[int, ...]:
        """How many images each class has, in the order of the classes."""
        return self.__samples.class_counts()

    def picture(self, position: int) -> NDArray[np.uint8]:
        """One image (H, W, 3), for a person who looks through the data; no model is shown it."""
        return self.__samples.picture(position)

    def only(self, kept: NDArray[np.bool_]) -> SealedSplit:
        """The split of those images (N,) that are kept, as sealed."""
        return SealedSplit(self.__samples.only(kept))

    def with_features(self, features: NDArray[np.float32]) -> SealedSplit:
        """The same over rows of features, as sealed."""
        return SealedSplit(replace(self.__samples, features=features))

    def unsealed(self) -> PackedSamples:
        """All of it; SplitIsSealed outside of `judging`."""
        refuse_unless_judging()
        return self.__samples


@dataclass(frozen=True)
class Sources:
    """Where each split comes from, in words; `{train}` and the like stand for what makes that official part.

    `{groups}` stands for what is kept together.
    """

    train: str
    val: str
    test: str = ""


@dataclass(frozen=True)
class Splits:
    """The three splits of one configuration. `val` chooses; `test` is sealed until a model is judged.

    `skipped` is what `bad_samples` left out of all three, None where that is nothing. `folder` is the pack's.
    `sources` says where each of the three comes from.
    """

    train: PackedSamples
    val: PackedSamples
    test: SealedSplit
    skipped: Skipped | None = None
    folder: Path | None = None
    sources: Sources | None = None
