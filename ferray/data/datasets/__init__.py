"""The room of data sets: each file lists the samples of one layout and decodes one of them on demand."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePath
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from ferray.canonical import added_later, new_default
from ferray.config.data_root import data_root_words
from ferray.data.file_kinds import ARCHIVES
from ferray.data.fingerprint import FileDigest, listing_fingerprint, sha256_of
from ferray.data.layout import HOMES, files_in, folders_in, homes
from ferray.data.samples import Sample, SampleList
from ferray.errors import DataError, did_you_mean
from ferray.registry import Params

TargetKind = Literal["label", "votes", "drawn"]  # the label, the shares of the votes, or a label drawn from them
UNKNOWN_SIZE = 384  # pixels a side, of originals whose own size is not known
SplitKind = Literal[
    "official", "halves", "random", "holdout", "kfold", "kfold_by_group", "nested_kfold", "nested_kfold_by_group"
]


def below_the_root(path: str) -> str:
    """A path that stays below the data root; ValueError for any other."""
    whole = PurePath(path)
    if ".." in whole.parts:
        raise ValueError(f"`{path}` is not a path below the data root")
    if whole.is_absolute():
        raise ValueError(
            f"`{path}` is not a path below the data root: pass `--data-root {whole.parent}`, and `{whole.name}` here"
        )
    return path


def _first_missing(root: Path, below: PurePath) -> Path | None:
    """The first folder or file on the way from the root that is not there; None where the root itself is none."""
    ways = [root.joinpath(*below.parts[:depth]) for depth in range(len(below.parts) + 1)]
    return next((way for way in ways[1:] if not way.exists()), None) if root.is_dir() else None


def _with_one_group(pattern: str) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"`{pattern}` is no regular expression: {error}") from error
    if compiled.groups != 1 and "group" not in compiled.groupindex:
        raise ValueError(f"`{pattern}` needs one group in parentheses, or one called `(?P<group>...)`")
    return pattern


class DatasetParams(Params):
    """What every data set lets you choose about its splits; see `ferray.data.splits` for the protocols."""

    not_decoded: ClassVar[frozenset[str]] = frozenset()  # own parameters that decide neither samples nor pixels

    split: SplitKind = "official"
    """How train, validation and test are told apart."""
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    """How many folds `kfold`, `kfold_by_group` and the nested ones have."""
    fold: Annotated[int, Field(ge=0)] = 0
    """The validation fold, from 0 to `folds` - 1; of nested ones that which tests, and the next one validates."""
    folds_of: Literal["official", "halves", "random", "holdout"] | None = None
    """The split from whose training part alone folds are cut; null cuts all but the official test part."""
    split_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Apart from the trial's seed, so that trials of different seeds are judged on the same images."""
    val_fraction: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    """What `holdout` validates on, and `official` carves out of train where the set has no such part."""
    test_fraction: Annotated[float, Field(gt=0, le=0.4)] = 0.1
    """What `official` carves out of train where the set has no test part."""
    max_per_class: Annotated[int, Field(ge=2)] | None = None
    """At most so many images a class of the whole set.

    They are chosen before it is split, so that trials with other samplings of the training part share all other parts.
    """
    bad_samples: Literal["auto", "refuse", "skip", "keep"] = new_default("auto", stands_for="refuse")
    """What becomes of an image or row that is no good: `refuse` it, naming all of them, or `skip` and list it.

    `auto` refuses, but leaves out pictures of one colour where the set is known to hold some (sfew, fer2013). `keep`
    refuses, but keeps pictures of one colour, to match an n that somebody published.
    """
    group_pattern: Annotated[str, AfterValidator(_with_one_group)] | None = added_later(None)
    """A regular expression, searched in file names, whose one group (or the one called `group`) is not split.

    Without it and `groups`, `kfold_by_group` goes by what the data set's own names tell (see `ferray.data.groups`).
    """
    groups: Annotated[str, AfterValidator(below_the_root)] | None = added_later(None)
    """A csv below the data root with the columns file and group, whose groups are not split."""

    @property
    def training_targets(self) -> TargetKind:
        """What a training sample is to be answered with; `votes` and `drawn` need samples that have votes."""
        return "label"

    @model_validator(mode="after")
    def _fold_exists(self) -> Self:
        if "kfold" in self.split and self.fold >= self.folds:
            raise ValueError(f"fold `{self.fold}` is not below folds `{self.folds}`; folds count from 0")
        return self

    @model_validator(mode="after")
    def _groups_come_from_one_place(self) -> Self:
        if self.groups is not None and self.group_pattern is not None:
            raise ValueError("`groups` and `group_pattern` are two ways to say the same; leave one out")
        return self


class Dataset(ABC):
    """One layout of images with labels. Built with its parameters and the root folder; opening nothing until asked."""

    Params: ClassVar[type[DatasetParams]]
    kind: ClassVar[Literal["images", "features"]] = "images"  # what a sample is: a picture, or a row of numbers
    version: ClassVar[int] = 1  # raised when listing or decoding changes, so that old packs are not served
    has_files: ClassVar[bool] = True  # whether it lies below the data root at all
    holds_blank: ClassVar[bool] = False  # whether the set, as its authors give it, holds pictures of one colour
    expected_layout: ClassVar[str] = ""  # shown when nothing is found: the folders, one a line
    uncropped: ClassVar[Mapping[str, Any]] = {}  # parameters that ask for pictures not yet cut to faces
    how_to_get: ClassVar[str] = ""  # one sentence: where the real set is obtained, and under which terms

    def __init__(self, params: DatasetParams, root: Path, digest: FileDigest = sha256_of) -> None:
        """`digest` gives a file's content hash; ferray's own remembers them between starts."""
        self.params = params
        self.root = root
        self.digest = digest

    @property
    def folders(self) -> tuple[str, ...]:
        """Names, in lower case, of folders right below the data root that hold the set, where there is one of them."""
        return HOMES.get(self._name, ())

    @property
    def inner(self) -> tuple[Dataset, ...]:
        """The data sets that it is made of, each with files of its own: itself, unless it mixes others."""
        return (self,)

    def reads(self, path: str) -> bool:
        """Whether a file at this path below the data root may be the set's; of a mirror, others are not brought."""
        return not path.lower().endswith(ARCHIVES)

    @abstractmethod
    def samples(self) -> SampleList:
        """Every sample; DataError, naming what was expected and how the set is obtained, where there is none.

        A row that cannot be a sample goes into the list's `bad`; it raises nothing. `listing` is this, asked once.
        """

    @cached_property
    def listing(self) -> SampleList:
        """`samples()`, made on the first call and kept by this instance."""
        return self.samples()

    @abstractmethod
    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        """The image as (size, size, 3) uint8 RGB; BadSampleError naming a file or row that cannot be used.

        OneColourError for a picture with nothing in it, which may be kept all the same. Any other DataError (a disk
        that fails) ends the packing, whatever `bad_samples` says.
        """

    def features_of(self, sample: Sample) -> NDArray[np.float32]:
        """The row (D,) of a data set of kind `features`, D the same for all, NaN for an empty cell."""
        raise NotImplementedError("only a data set of kind `features` has rows")

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        """The picture at its own size, (H, W, 3) uint8 RGB, to cut faces from; errors as for `decode`.

        A data set that does not say how gives a square of 384 pixels.
        """
        return self.decode(sample, UNKNOWN_SIZE)

    def fingerprint(self) -> str:
        """A hash of the content behind `samples`, so that a changed file is never served from an old pack.

        Choices about the split must not enter. A data set whose listing says no contents gives a hash of its own.
        """
        return listing_fingerprint(self.listing)

    @property
    def asked_path(self) -> str:
        """The file or folder below the root that somebody has named, `.` where the layout alone says what is read."""
        return "."

    def not_found(self) -> DataError:
        """The error for a root without this data set: which layout was expected, and how the real set is obtained."""
        name, asked = self._name, PurePath(self.asked_path)
        where = "/".join([data_root_words(self.root), *asked.parts])
        message = f"dataset `{name}` is not under `{where}`"
        missing = _first_missing(self.root, asked)
        if missing is not None:
            there = [*folders_in(missing.parent), *files_in(missing.parent)]
            return DataError(f"{message}: there is no `{missing}`", did_you_mean(missing.name, there))
        first, *others = self.expected_layout.splitlines() or ["the images"]
        hint = "".join(
            [
                f"{self._nearly(name)}set FERRAY_DATA to the folder that holds `{first}`, or pass `--data-root`",
                *(f"\n  or `{other}`" for other in others),
                f"\n  {self.how_to_get}" if self.how_to_get else "",
            ]
        )
        return DataError(message, hint)

    @property
    def _name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def _nearly(self, name: str) -> str:
        """What to do where a file is given for the folder, or archives lie in the folders where the set may lie."""
        if self.root.is_file():
            act = "unpack it and" if self.root.name.lower().endswith(ARCHIVES) else "it is a file:"
            return f"{act} pass its folder\n  or "
        places = homes(self.root, HOMES.get(name, ()))
        archives = [path for place in places for file, path in files_in(place).items() if file.endswith(ARCHIVES)]
        return "".join(f"unpack `{archive}`, which lies there\n  or " for archive in archives[:3])
