"""From a configuration's data set to its three splits over the mapped pack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.config.trial import DatasetChoice
from ferray.data.bad_samples import LISTING, Skipped, refusal, sort_out
from ferray.data.datasets import DatasetParams
from ferray.data.fetching import fetch_pack, read_offered
from ferray.data.groups import table_of
from ferray.data.only_maker import only_maker
from ferray.data.opened import OpenedDataset, decoding_params, open_dataset, short_hash
from ferray.data.pack_file import FORMAT, Pack, Progress, read_pack, write_pack
from ferray.data.pack_source import PACKS, PackSource, current_source
from ferray.data.recent import Recent
from ferray.data.samples import AUXILIARY, PackedSamples, Sample, SealedSplit, Splits
from ferray.data.splits import SplitTable, require_classes, split_rows
from ferray.errors import DataError


def open_splits(
    dataset: DatasetChoice,
    *,
    size: int,
    limit_per_class: int | None,
    data_root: Path,
    cache_dir: Path,
    progress: Progress | None = None,
) -> Splits:
    """Train, val and test of `dataset` at `size` pixels a side, decoded on the first call on this machine.

    A worker on a node that lacks the data set has the driver's pack (see `ferray.data.pack_source`). What a process has
    opened before comes back in microseconds, from any thread, without a look at the files; a new process checks that no
    file changed. `progress(done, total)` is called while decoding. DataError for missing or
    unreadable data, for bad samples that `bad_samples` refuses, for a class that a split lacks and for a cache that
    takes no writing; ConfigError for a split the data cannot give.
    """
    places = (Path(data_root).absolute(), Path(cache_dir).absolute())
    params = json.dumps(dataset.params, sort_keys=True)
    key = (dataset.name, params, size, limit_per_class, *places)
    return _SPLITS.get(key, lambda: _make_splits(dataset, size, limit_per_class, places, progress))


def open_pack(
    choice: DatasetChoice, *, size: int, data_root: Path, cache_dir: Path, progress: Progress | None = None
) -> Pack:
    """The pack behind the splits of a data set, with all its samples; errors of `open_splits` but those of splits."""
    places = (Path(data_root).absolute(), Path(cache_dir).absolute())
    key = (choice.name, decoding_params(choice.build_params()), size, *places)
    return _PACKS.get(key, lambda: _make_pack(choice, size, places, progress))


def ensure_data(dataset: DatasetChoice, data_root: Path, cache_dir: Path, progress: Progress | None = None) -> None:
    """Check, without decoding, that the data set is there and splits as asked; DataError or ConfigError otherwise.

    `progress(done, total)` counts files that are brought from the address that the data root mirrors.
    """
    listing = open_dataset(dataset, data_root, cache_dir, progress).listing
    if listing.bad:
        return  # decoding finds the other bad ones, so that all are named together
    params = dataset.build_params()
    table = table_of(listing.samples, params, Path(data_root))
    require_classes(table, split_rows(table, params), listing.classes, name=dataset.name)


_PACKS: Recent[Pack] = Recent(8)
_SPLITS: Recent[Splits] = Recent(64)


def _make_splits(
    choice: DatasetChoice, size: int, limit: int | None, places: tuple[Path, Path], progress: Progress | None
) -> Splits:
    pack = open_pack(choice, size=size, data_root=places[0], cache_dir=places[1], progress=progress)
    kept, skipped = _usable(pack, choice)
    table = _table(pack, kept, choice, size, places[0])
    rows = split_rows(table, choice.build_params(), limit)
    require_classes(table, rows, pack.samples.classes, name=choice.name, skipped=skipped)
    train, val, test = (_view(pack, kept[chosen]) for chosen in (rows.train, rows.val, rows.test))
    return Splits(train, val, SealedSplit(test), skipped, pack.folder, rows.sources)


def _table(pack: Pack, kept: NDArray[np.int64], choice: DatasetChoice, size: int, root: Path) -> SplitTable:
    """What a split may look at; the groups of a csv below the data root are the driver's, where that is asked."""
    params: DatasetParams = choice.build_params()
    samples = [pack.samples.samples[row] for row in kept.tolist()]
    source = current_source()
    if source is not None and params.groups is not None:
        groups = source.groups(choice, size)
        samples = [replace(pack.samples.samples[row], group=groups[row]) for row in kept.tolist()]
        params = params.model_copy(update={"groups": None})
    return table_of(samples, params, root)


def _usable(pack: Pack, choice: DatasetChoice) -> tuple[NDArray[np.int64], Skipped | None]:
    """The rows that may stand in a split, and what is left out; DataError for what is refused."""
    policy, holds_blank = choice.build_params().bad_samples, choice.load().holds_blank
    refused, left_out = sort_out(pack.samples.bad, policy, holds_blank=holds_blank)
    if refused:
        raise refusal(choice.name, refused)
    rows = np.arange(len(pack.samples))
    if not left_out:
        return rows, None
    if any(sample.is_blank for sample in left_out):
        rows = np.delete(rows, pack.blank)
    if not len(rows):
        raise refusal(choice.name, left_out, others=0)
    left = Counter(pack.samples.samples[row].part for row in rows.tolist())
    ordered = {part: left[part] for part in ("train", "val", "test", "all", AUXILIARY) if left[part]}
    return rows, Skipped(left_out, pack.folder / LISTING, ordered, is_known=policy == "auto")


def _make_pack(choice: DatasetChoice, size: int, places: tuple[Path, Path], progress: Progress | None) -> Pack:
    source = current_source()
    if source is not None:
        return _sourced_pack(source, choice, size, places)
    opened = open_dataset(choice, *places)
    return _decoded_pack(opened, size, _pack_folder(choice, opened, size, places[1]), progress)


def _pack_folder(choice: DatasetChoice, opened: OpenedDataset, size: int, cache: Path) -> Path:
    params = decoding_params(opened.dataset.params)
    identity = [choice.name, opened.dataset.version, FORMAT, size, params, opened.fingerprint]
    return cache / PACKS / f"{choice.name}-{short_hash(json.dumps(identity))}"


def _decoded_pack(opened: OpenedDataset, size: int, folder: Path, progress: Progress | None) -> Pack:
    pack = read_pack(folder)
    if pack is not None:
        return pack
    with only_maker(folder):  # workers that start together on a fresh node: one decodes, the others wait for it
        return read_pack(folder) or write_pack(folder, opened.dataset, size=size, progress=progress)


def _sourced_pack(source: PackSource, choice: DatasetChoice, size: int, places: tuple[Path, Path]) -> Pack:
    """The driver's pack: as it lies here, else decoded here where the same data set does, else fetched."""
    offer = source.offer(choice, size)
    folder = places[1] / PACKS / offer.name
    pack = read_offered(folder, offer)
    if pack is not None:
        return pack
    with suppress(DataError):  # whatever this node lacks or cannot read of the data set, the driver has
        opened = open_dataset(choice, *places)
        if _pack_folder(choice, opened, size, places[1]) == folder:
            _decoded_pack(opened, size, folder, None)
    with only_maker(folder):  # of the workers of a node that start together one fetches
        return read_offered(folder, offer) or fetch_pack(source, offer, folder)


def _view(pack: Pack, rows: NDArray[np.int64]) -> PackedSamples:
    samples = [pack.samples.samples[row] for row in rows.tolist()]
    return PackedSamples(
        images=pack.images,
        rows=rows,
        labels=np.array([sample.label for sample in samples], dtype=np.int64),
        sample_ids=np.array([sample.sample_id for sample in samples], dtype=np.int64),
        true_labels=np.array([_or_unknown(sample.true_label) for sample in samples], dtype=np.int64),
        names=tuple(sample.name for sample in samples),
        classes=pack.samples.classes,
        features=pack.features,
        votes=_votes(samples, len(pack.samples.classes)),
    )


def _votes(samples: Sequence[Sample], num_classes: int) -> NDArray[np.float32] | None:
    """The votes (N, C), all on the label for a sample without any; None where no sample has some."""
    if all(sample.votes is None for sample in samples):
        return None
    votes_NC = np.eye(num_classes, dtype=np.float32)[[sample.label for sample in samples]]
    for row, sample in enumerate(samples):
        if sample.votes is not None:
            votes_NC[row] = sample.votes
    return votes_NC


def _or_unknown(true_label: int | None) -> int:
    return -1 if true_label is None else true_label
