"""What was found of a data set, and a sheet of each class to look at, for `ferray data show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ferray.apps.options import overrides_from, runtime_from
from ferray.config.corners import corner_problems, corners
from ferray.config.data_root import data_root_words
from ferray.config.load import load_space_or_dataset
from ferray.config.modality import asks_backbone_for_size, holds_features, image_size
from ferray.config.problems import problems_error
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import DataError
from ferray.events import Listener
from ferray.files.private_folder import make_private
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.data.samples import Splits
    from ferray.data.summary import DataSummary

SHOWN_SIDE = 96  # pixels a side, where the space does not say


@dataclass(frozen=True)
class ShownData:
    """A data set that is open; `refused` is what a sweep would end with, "" where it would not."""

    config: TrialConfig
    splits: Splits
    summary: DataSummary
    refused: str
    sheets: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """An entry of `ferray data show --json`."""
        return {**self.summary.to_json(), "refused": self.refused, "sheets": [str(sheet) for sheet in self.sheets]}


def show_data(name: str, asked: Mapping[str, Any], listener: Listener) -> Iterator[ShownData]:
    """Each data set that trials of a space see, or the one of that name, with its contact sheets drawn."""
    spec, notes = load_space_or_dataset(name, overrides_from(asked))
    for note in notes:
        listener.noted(f"note: {note}")
    runtime = runtime_from({**asked, "launcher": "inline"})
    listener.noted(f"looking at the data of `{name}` in `{data_root_words(runtime.data_root)}`")
    for config in distinct_data(spec):
        folder = asked["to"] or runtime.output / "data" / config.dataset.name
        shown = open_data(config, runtime, listener)
        yield replace(shown, sheets=tuple(sheets := _draw(shown, runtime, folder)))
        if sheets:
            listener.noted(f"{counted(len(sheets), 'contact sheet is', 'contact sheets are')} in `{folder}`")


def distinct_data(spec: SweepSpec) -> list[TrialConfig]:
    """A configuration for each data set and split that trials of the space see; of folds the first."""
    problems = corner_problems(spec)
    if problems:
        raise problems_error(f"space `{spec.name}`", problems)
    firsts = [config.in_fold(0) for _, config in corners(spec) if isinstance(config, TrialConfig)]
    return list({f"{config.dataset.model_dump_json()} {config.limit_per_class}": config for config in firsts}.values())


def open_data(config: TrialConfig, runtime: Runtime, listener: Listener, size: int | None = None) -> ShownData:
    """The data set of a configuration; what is bad in it is left out, even where a sweep would be refused.

    Pictures have `size` pixels a side, or as many as the space says.
    """
    from ferray.data.summary import summarise

    refused = ""
    try:
        splits = _splits(config, runtime, listener, size)
    except DataError as error:
        config = _skipping(config)
        try:
            splits = _splits(config, runtime, listener, size)
        except DataError:
            raise error from None
        refused = error.message
    places = {"data_root": runtime.data_root, "cache_dir": runtime.cache_dir}
    summary = summarise(config.dataset, splits, limit_per_class=config.limit_per_class, **places)
    return ShownData(config, splits, summary, refused)


def _splits(config: TrialConfig, runtime: Runtime, listener: Listener, size: int | None) -> Splits:
    from ferray.data.pack import open_splits

    if size is None or holds_features(config):
        size = SHOWN_SIDE if asks_backbone_for_size(config) else image_size(config)
    try:
        return open_splits(
            config.dataset,
            size=size,
            limit_per_class=config.limit_per_class,
            data_root=runtime.data_root,
            cache_dir=runtime.cache_dir,
            progress=partial(listener.progressed, f"decoding images of {config.dataset.name}"),
        )
    finally:
        listener.progressed("", 0, 0)


def _skipping(config: TrialConfig) -> TrialConfig:
    dataset = {config.dataset.name: {**config.dataset.params, "bad_samples": "skip"}}
    return TrialConfig.model_validate({**config.to_json(), "dataset": dataset})


def _draw(shown: ShownData, runtime: Runtime, folder: Path) -> list[Path]:
    from ferray.data.class_sheets import write_class_sheets
    from ferray.data.opened import open_dataset

    make_private(folder)
    opened = open_dataset(shown.config.dataset, runtime.data_root, runtime.cache_dir)
    return write_class_sheets(folder, opened.listing, shown.splits)
