"""A data set opened once a process, with hashes of its files that are remembered between processes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ferray.canonical import canonical_text
from ferray.config.data_root import address_of
from ferray.config.trial import DatasetChoice
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.fingerprint import DigestMemo
from ferray.data.mirror import Progress, refresh_mirror
from ferray.data.recent import Recent
from ferray.data.samples import SampleList


@dataclass
class OpenedDataset:
    """A data set over its root; nothing is read until asked, and then once."""

    dataset: Dataset
    memo: DigestMemo

    @cached_property
    def listing(self) -> SampleList:
        """Every sample, and the account of what else lies there."""
        listing = self.dataset.listing
        self.memo.save()
        return listing

    @cached_property
    def fingerprint(self) -> str:
        """The hash of its content."""
        fingerprint = self.dataset.fingerprint()
        self.memo.save()
        return fingerprint


_OPENED: Recent[OpenedDataset] = Recent(8)


def open_dataset(choice: DatasetChoice, root: Path, cache_dir: Path, progress: Progress | None = None) -> OpenedDataset:
    """The data set of `choice` below `root`; what this process has opened before is not looked at again.

    Where `root` mirrors an address, what lies there is brought first; errors of `refresh_mirror`.
    """
    params: DatasetParams = choice.build_params()
    root, cache_dir = Path(root).absolute(), Path(cache_dir).absolute()
    address = address_of(root)

    def make() -> OpenedDataset:
        memo = DigestMemo(cache_dir / "digests" / f"{choice.name}-{short_hash(str(root))}.json")
        dataset = choice.load()(params, root, memo.digest)
        for each in dataset.inner:
            if address is not None and each.has_files:
                refresh_mirror(address, each, progress)
        return OpenedDataset(dataset, memo)

    mirrored = (params.groups,) if address is not None else ()
    return _OPENED.get((choice.name, decoding_params(params), root, cache_dir, *mirrored), make)


def forget_listings() -> None:
    """Let go of what was listed: a worker that has its packs open asks for no file of theirs again."""
    _OPENED.clear()


def decoding_params(params: DatasetParams) -> str:
    """The parameters that decide samples and pixels, and not what is made of them."""
    return canonical_text(params, without={*DatasetParams.model_fields, *params.not_decoded})


def short_hash(text: str) -> str:
    """16 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
