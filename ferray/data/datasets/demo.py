"""Seven expressions that ferray draws itself."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.data.account import Account
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.samples import Sample, SampleList
from ferray.emotions import EMOTION_NAMES, Emotion
from ferray.synthetic.portrait import draw_portrait

# Class counts of SFEW 2.0's aligned training faces: the imbalance that the strategies are there for.
SFEW_TRAIN_COUNTS = np.array([178, 52, 78, 184, 144, 161, 94])
NUM_CLASSES = len(Emotion)


class Demo(Dataset):
    """Faces that ferray draws: needs no download, imbalanced like SFEW, with a known fraction of wrong training labels.

    A face depends on `seed`, its part and its number in it alone, so a larger `num_train` leaves val and test alone.
    `label_noise` is the fraction of training labels replaced by another expression; the right one is recorded.
    """

    class Params(DatasetParams):
        num_train: Annotated[int, Field(ge=NUM_CLASSES, le=100_000)] = 1500
        """Training faces."""
        num_val: Annotated[int, Field(ge=NUM_CLASSES, le=100_000)] = 400
        """Validation faces."""
        num_test: Annotated[int, Field(ge=NUM_CLASSES, le=100_000)] = 400
        """Test faces."""
        label_noise: Annotated[float, Field(ge=0, le=0.5)] = 0.08
        """Fraction of training labels replaced by another expression."""
        seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
        """Of the drawing; a face depends on it, its part and its number alone."""

    params: Params
    has_files = False

    def samples(self) -> SampleList:
        sizes = {"train": self.params.num_train, "val": self.params.num_val, "test": self.params.num_test}
        samples = [sample for part, count in sizes.items() for sample in self._part(part, count)]
        return SampleList(tuple(samples), EMOTION_NAMES, account=Account(origins=dict.fromkeys(PARTS, "drawn")))

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        part, _, number = sample.source.partition("/")
        assert sample.true_label is not None, "every demo sample knows its right label"
        generator = np.random.default_rng([self.params.seed, PARTS.index(part), int(number)])
        return draw_portrait(Emotion(sample.true_label), generator, size)

    def fingerprint(self) -> str:
        return "drawn"

    def _part(self, part: str, count: int) -> list[Sample]:
        generator = np.random.default_rng([self.params.seed, PARTS.index(part)])
        right = generator.permutation(np.repeat(np.arange(NUM_CLASSES), class_sizes(count)))
        given = _mislabel(right, self.params.label_noise, generator) if part == "train" else right
        return [
            Sample(
                sample_id=PARTS.index(part) * ID_STEP + number,
                name=f"{part}/{number:05d}",
                label=int(given[number]),
                part=part,
                source=f"{part}/{number}",
                true_label=int(right[number]),
            )
            for number in range(count)
        ]


PARTS = ("train", "val", "test")
ID_STEP = 1_000_000  # more than a part can hold, so that ids of one part do not move when another grows


def class_sizes(count: int) -> NDArray[np.int64]:
    """`count` images over the seven classes (7,) by SFEW's proportions, at least one each."""
    shares = SFEW_TRAIN_COUNTS / SFEW_TRAIN_COUNTS.sum() * (count - NUM_CLASSES)
    sizes: NDArray[np.int64] = 1 + np.floor(shares).astype(np.int64)
    left_over = count - int(sizes.sum())
    sizes[np.argsort(sizes - shares, kind="stable")[:left_over]] += 1
    return sizes


def _mislabel(right: NDArray[np.int64], fraction: float, generator: np.random.Generator) -> NDArray[np.int64]:
    given = right.copy()
    wrong = generator.choice(len(right), size=round(fraction * len(right)), replace=False)
    given[wrong] = (right[wrong] + generator.integers(1, NUM_CLASSES, len(wrong))) % NUM_CLASSES
    return given
