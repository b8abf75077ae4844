"""The data set behind a trial, opened once more: pictures of single samples, and the class counts of a split."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ferray.config.exclusion import find_exclusion
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.data.groups import table_of
from ferray.data.images import blank_picture
from ferray.data.left_out import not_listed
from ferray.data.opened import open_dataset
from ferray.data.samples import Sample
from ferray.data.splits import SplitTable, split_rows
from ferray.errors import DataError, OneColourError


class Originals:
    """What `config`'s data set holds in its place; nothing is opened until asked.

    Nothing is written but hashes of its files, into the cache.
    """

    def __init__(self, config: TrialConfig, place: DataPlace) -> None:
        self._config = config
        self._exclude = place.exclude
        self._opened = open_dataset(config.dataset, place.data_root, place.cache_dir)

    def picture(self, sample_id: int, name: str, size: int) -> NDArray[np.uint8]:
        """The sample as (size, size, 3) uint8 RGB; DataError where the data is missing or another than was trained on.

        Also DataError for a data set of numbers, which has no pictures.
        """
        sample = self._samples.get(sample_id)
        if sample is None or sample.name != name:
            found = f"`{sample.name}`" if sample else "missing"
            raise DataError(
                f"the data has changed: sample {sample_id} was `{name}` and is {found}",
                "pass the `--data-root` that the trial was trained on",
            )
        try:
            return self._opened.dataset.decode(sample, size)
        except OneColourError as error:  # kept by `bad_samples: keep`
            return blank_picture(error, size)

    def class_counts(self, fold: int) -> tuple[int, ...]:
        """Training samples of each class at the start of `fold`, bad ones among them where they were skipped."""
        table, rows = self._training(fold)
        return tuple(np.bincount(table.labels[rows], minlength=len(self._opened.listing.classes)).tolist())

    def training_ids(self, fold: int) -> frozenset[int]:
        """The ids of the samples that `fold` trains on at its start; DataError where the data is missing."""
        samples = self._opened.listing.samples
        return frozenset(samples[row].sample_id for row in self._training(fold)[1].tolist())

    def _training(self, fold: int) -> tuple[SplitTable, NDArray[np.int64]]:
        """What is known of all samples, and the rows of those that `fold` trains on."""
        config, samples = self._config.in_fold(fold), self._opened.listing.samples
        params = config.dataset.build_params()
        table = table_of(samples, params, self._opened.dataset.root)
        rows = split_rows(table, params, config.limit_per_class).train
        if config.exclude is None:
            return table, rows
        return table, not_listed(samples, rows, find_exclusion(config.exclude, self._exclude))

    @cached_property
    def _samples(self) -> dict[int, Sample]:
        return {sample.sample_id: sample for sample in self._opened.listing.samples}
