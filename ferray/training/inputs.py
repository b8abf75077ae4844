"""What a trial is trained on: its three splits of images, or of rows of features."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from ferray.artifacts.address import file_at
from ferray.config.cache_folder import default_cache_dir
from ferray.config.data_root import data_root_at
from ferray.config.exclusion import find_exclusion
from ferray.config.job import TrialJob
from ferray.config.modality import describes_images, image_size
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.data.descriptor_cache import open_rows
from ferray.data.left_out import LeftOut, leave_out
from ferray.data.opened import short_hash
from ferray.data.pack import open_splits
from ferray.data.pack_file import Progress
from ferray.data.samples import Splits
from ferray.data.summary import DataSummary, summarise
from ferray.training.image_descriptor import image_descriptor


def open_inputs(config: TrialConfig, place: DataPlace, *, progress: Progress | None = None) -> Splits:
    """The configuration's splits, decoded and described on the first call on this machine; errors of `open_splits`.

    Every sample of the data set is described at once, those of the test split too: a row depends on its image alone.
    """
    splits, _ = _split(config, place, progress)
    return _described(splits, config, progress) if describes_images(config) else splits


def open_job_inputs(job: TrialJob) -> Splits:
    """`open_inputs` of a job's configuration, below the job's folders."""
    return open_inputs(job.trial_config(), place_of_job(job))


def place_of_job(job: TrialJob) -> DataPlace:
    """Where a job's data is, by the job's folders."""
    cache_dir = Path(job.cache_dir) if job.cache_dir else default_cache_dir()
    return DataPlace(data_root_at(job.data_root), cache_dir, file_at(job.exclude) if job.exclude else None)


def summarise_trial(config: TrialConfig, place: DataPlace) -> DataSummary:
    """What the data set of one training holds, and how it is split; errors of `open_splits`."""
    splits, left_out = _split(config, place, None)
    summary = summarise(
        config.dataset,
        splits,
        limit_per_class=config.limit_per_class,
        data_root=place.data_root,
        cache_dir=place.cache_dir,
    )
    if left_out is None:
        return summary
    return replace(summary, key=short_hash(f"{summary.key} {config.exclude}"), left_out=left_out)


def _split(config: TrialConfig, place: DataPlace, progress: Progress | None) -> tuple[Splits, LeftOut | None]:
    """The splits as they are trained on, and what a list has left out of them."""
    splits = open_splits(
        config.dataset,
        size=image_size(config),
        limit_per_class=config.limit_per_class,
        data_root=place.data_root,
        cache_dir=place.cache_dir,
        progress=progress,
    )
    if config.exclude is None:
        return splits, None
    return leave_out(splits, find_exclusion(config.exclude, place.exclude), name=config.dataset.name)


def _described(splits: Splits, config: TrialConfig, progress: Progress | None) -> Splits:
    assert splits.folder is not None, "a pack lies in a folder"
    identity = [config.descriptor.canonical(), config.descriptor.load().version, config.pixels.grey]
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    images = splits.train.images
    rows = open_rows(images, splits.folder, f"{config.descriptor.name}-{key}", image_descriptor(config), progress)
    train, val = (replace(split, features=rows) for split in (splits.train, splits.val))
    return replace(splits, train=train, val=val, test=splits.test.with_features(rows))
