"""The room of data sets: each file lists the samples of one layout and decodes one of them on demand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.data.samples import Sample, SampleList
from ferray.registry import Params

SplitKind = Literal["official", "halves", "random", "kfold", "kfold_by_group"]


class DatasetParams(Params):
    """What every data set lets you choose about its splits; see `ferray.data.splits` for the protocols.

    `fold` counts from 0 to `folds` - 1 and is the validation fold; `split_seed` is apart from the trial's seed so that
    trials of different seeds are judged on the same images.
    """

    split: SplitKind = "official"
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    fold: Annotated[int, Field(ge=0)] = 0
    split_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class Dataset(ABC):
    """One layout of images with labels. Built with its parameters and the root folder; opening nothing until asked."""

    Params: ClassVar[type[DatasetParams]]
    expected_layout: ClassVar[str] = ""  # shown when nothing is found: the folders, one a line
    how_to_get: ClassVar[str] = ""  # one sentence: where the real set is obtained, and under which terms

    def __init__(self, params: DatasetParams, root: Path) -> None:
        self.params = params
        self.root = root

    @abstractmethod
    def samples(self) -> SampleList:
        """Every sample. DataError, naming what was expected and how the set is obtained, where the layout is not there."""

    @abstractmethod
    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        """The image as (size, size, 3) uint8 RGB; DataError naming the file when it cannot be read."""

    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of the content behind `samples`, so that a changed file is never served from an old pack."""
