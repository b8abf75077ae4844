"""Every picture of a sweep that its record and histories allow, for `ferray figures` and the end of a paper's sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ferray.config.exclusion import kept_list
from ferray.config.place import DataPlace
from ferray.config.runtime import Runtime
from ferray.errors import DataError, FerrayError
from ferray.events import Listener
from ferray.files.os_errors import writing
from ferray.results.class_counts import SplitCounts, count_splits
from ferray.results.figures.album import Album
from ferray.results.figures.draw import draw_sweep, folder_name
from ferray.results.groups import Group, groups_of
from ferray.study.records import SweepRecord
from ferray.text.counting import counted


def draw_figures(
    record: SweepRecord,
    folder: Path,
    to: Path | None,
    runtime: Runtime,
    numbers: Sequence[int] = (),
    *,
    listener: Listener,
) -> Album:
    """Draw what there is, into `figures/` of the sweep's folder or a folder of its own below it where `to` is None.

    A line for the listener where the data is not there to count its classes.
    """
    groups = groups_of(record, numbers)
    target = to or folder / "figures" / folder_name(groups)
    with writing(target, DataError, "choose another `--to`"):
        counts = _counts(groups, folder, runtime, listener)
        return draw_sweep(target, record, folder, groups=groups, counts=counts)


def remarks(album: Album) -> list[str]:
    """What became of earlier files, and which letters could not be drawn."""
    lines = []
    if album.replaced:
        lines.append(f"replaced: {counted(len(album.replaced), 'file')} of an earlier drawing of `{album.subject}`")
    if album.missing:
        letters = "".join(sorted(album.missing))
        lines.append(f"warning: no installed font has `{letters}`: boxes in the PNG files, letters in the SVG files")
    return lines


def _counts(groups: Sequence[Group], folder: Path, runtime: Runtime, listener: Listener) -> dict[str, SplitCounts]:
    """The class counts of each data set among the groups, by the first group that has it."""
    found: dict[str, SplitCounts] = {}
    for group in groups:
        config = group.trials[0].trial_config()
        try:
            place = DataPlace(runtime.data_root, runtime.cache_dir, kept_list(folder, config.exclude))
            counts = count_splits(config, place)
        except FerrayError as error:
            listener.warned(f"warning: the classes of `{group.name}` are not counted: {error.message}")
            continue
        if counts not in found.values():
            found[group.name] = counts
    return found
