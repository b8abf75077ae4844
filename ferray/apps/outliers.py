"""What outlier removal did in a trial, for `ferray outliers`: counted, drawn and written as csv."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.artifacts.sweep import figures_folder
from ferray.config.exclusion import kept_list
from ferray.config.place import DataPlace
from ferray.config.runtime import Runtime
from ferray.errors import DataError, FerrayError
from ferray.events import Listener
from ferray.results.chosen import trial_called
from ferray.results.figures.album import Album
from ferray.results.figures.outliers import draw_outliers
from ferray.results.figures.removed import MOST_PICTURES, Picture
from ferray.results.originals import Originals
from ferray.results.removals import Removals, best_with_removals, read_removals, write_tables
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.commands import command

PICTURE_SIDE = 96


@dataclass(frozen=True)
class Examined:
    """One trial's outlier removal. `before` is the training samples of each class; None where the data does not say."""

    sweep: str
    removals: Removals
    before: list[int] | None
    album: Album

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray outliers --json`."""
        removals, removed = self.removals, self.removals.removed_by_class
        return {
            "sweep": self.sweep,
            "trial": removals.trial,
            "rule": removals.rule,
            "num_train": sum(removals.num_train.values()),
            "num_removed": len(removals.removed),
            "act": removals.act,
            "num_caught": removals.num_caught,
            "num_mislabelled": removals.num_mislabelled,
            "classes": [
                {"class": name, "before": self.before[label] if self.before else None, "removed": removed[label]}
                for label, name in enumerate(removals.classes)
            ],
            "looks": [
                {
                    "epoch": look.epoch,
                    "fold": look.fold,
                    "variance": look.report.variance if math.isfinite(look.report.variance) else None,
                    "num_kept": look.report.num_kept,
                    "num_removed": len(look.report.removed),
                    "note": look.report.note,
                }
                for look in removals.looks
            ],
            "files": [str(file) for file in self.album.files],
        }


def examine_removals(
    record: SweepRecord, folder: Path, to: Path | None, runtime: Runtime, number: int | None, *, listener: Listener
) -> Examined:
    """What a trial removed, else the best trial that removed something; tables and pictures go into `to`.

    `folder` is the sweep's; without `to` the files lie in `figures/` of the trial's. ConfigError for a number that the
    sweep lacks, DataError where no trial removed a sample.
    """
    chosen = _choose(record, folder, number)
    removals = read_removals(folder, chosen)
    target = to or figures_folder(folder, chosen.folder)
    album = Album(target, f"{record.name}, trial {chosen.number}", sweep=folder)
    config = chosen.trial_config()
    originals = Originals(config, DataPlace(runtime.data_root, runtime.cache_dir, kept_list(folder, config.exclude)))
    if removals.looks:
        album.files += write_tables(target, removals)
        draw_outliers(album, removals, _pictures(originals, removals, listener), record.name)
    return Examined(record.name, removals, _counts(originals, removals), album)


def _choose(record: SweepRecord, folder: Path, number: int | None) -> TrialRecord:
    if number is not None:
        return trial_called(record, number)
    best = best_with_removals(folder, record)
    if best is None:
        raise DataError(
            f"no trial of `{record.name}` removed a sample",
            f"see what one saw with `--trial`, or search `outliers`: `{command('list outliers')}`",
        )
    return best


def _pictures(originals: Originals, removals: Removals, listener: Listener) -> list[Picture]:
    """The removed samples from the highest loss down; none, with a word why, where they cannot be decoded."""
    by_loss = sorted(removals.removed, key=lambda gone: -gone.sample.loss)[:MOST_PICTURES]
    try:
        return [
            Picture(gone, originals.picture(gone.sample.sample_id, gone.sample.name, PICTURE_SIDE)) for gone in by_loss
        ]
    except DataError as error:
        listener.warned(f"warning: no contact sheet: {error.message}")
        return []


def _counts(originals: Originals, removals: Removals) -> list[int] | None:
    """Training samples of each class before any removal, all folds together; None where the data does not say it."""
    try:
        by_fold = {fold: originals.class_counts(fold) for fold in removals.num_train}
    except FerrayError:
        return None
    if any(sum(counts) != removals.num_train[fold] for fold, counts in by_fold.items()):
        return None
    return [sum(counts) for counts in zip(*by_fold.values(), strict=True)]
