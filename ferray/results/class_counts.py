"""How many images of each class stand in each split of a configuration, counted from the listing of its data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ferray.config.exclusion import find_exclusion
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.data.groups import table_of
from ferray.data.left_out import not_listed
from ferray.data.opened import open_dataset
from ferray.data.splits import split_rows


@dataclass(frozen=True)
class SplitCounts:
    """Counts by split (`train`, `val`, `test`), each in the order of `classes`; a split without images is left out."""

    classes: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    num_folds: int = 1


def count_splits(config: TrialConfig, place: DataPlace) -> SplitCounts:
    """The counts of a trial's data set, those of the first fold where it is cross-validated; nothing is decoded.

    Samples that only decoding finds to be bad are among them, those that its list leaves out are not. DataError where
    the data is missing.
    """
    first = config.in_fold(0)
    listing = open_dataset(first.dataset, place.data_root, place.cache_dir).listing
    params = first.dataset.build_params()
    table = table_of(listing.samples, params, place.data_root)
    rows = split_rows(table, params, first.limit_per_class)
    chosen = {"train": rows.train, "val": rows.val, "test": rows.test}
    if first.exclude is not None:
        listed = find_exclusion(first.exclude, place.exclude)
        chosen = {name: not_listed(listing.samples, of, listed, split=name) for name, of in chosen.items()}
    counts = {
        name: tuple(np.bincount(table.labels[of], minlength=len(listing.classes)).tolist())
        for name, of in chosen.items()
        if len(of)
    }
    return SplitCounts(listing.classes, counts, config.num_folds)
