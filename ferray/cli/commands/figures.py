"""`ferray figures`: every picture of a sweep that its record and histories allow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, say, show_text
from ferray.config.place import DataPlace
from ferray.text.commands import shortest_path
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.config.runtime import Runtime
    from ferray.results.class_counts import SplitCounts
    from ferray.results.figures.album import Album
    from ferray.results.groups import Group
    from ferray.study.records import SweepRecord


def figures(
    name: arguments.Sweep,
    trial: Annotated[
        list[int] | None,
        typer.Option(
            "--trial", min=0, help="A trial by its number, may be repeated; else all arms, or the best trial."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder for the files; else `figures/` in the sweep's, or `figures/trial-17/`."),
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Draw curves, class counts, losses, confusion matrices, recalls and folds, each as PNG and SVG."""
    asked = dict(locals())
    folder = arguments.place_of(name, asked).folder
    from ferray.study.history import load_sweep

    record = load_sweep(folder, storage)
    say(f"drawing what `{record.name}` has measured")
    album = draw_figures(record, folder, to, arguments.runtime_from(asked), trial or ())
    if json:
        print_json({"sweep": record.name, "files": [str(path) for path in album.files]})
    else:
        show_text("".join(f"{shortest_path(path)}\n" for path in album.files))
    remark(album)


def draw_figures(
    record: SweepRecord, folder: Path, to: Path | None, runtime: Runtime, numbers: Sequence[int] = ()
) -> Album:
    """Draw what there is, into `figures/` of the sweep's folder or a folder of its own below it where `to` is None.

    A line on stderr where the data is not there to count its classes.
    """
    from ferray.errors import DataError
    from ferray.files.os_errors import writing
    from ferray.results.figures.draw import draw_sweep, folder_name
    from ferray.results.groups import groups_of

    groups = groups_of(record, numbers)
    target = to or folder / "figures" / folder_name(groups)
    with writing(target, DataError, "choose another `--to`"):
        return draw_sweep(target, record, folder, groups=groups, counts=_counts(groups, folder, runtime))


def remark(album: Album) -> None:
    """Say on stderr what became of earlier files, and which letters could not be drawn."""
    if album.replaced:
        say(f"replaced: {counted(len(album.replaced), 'file')} of an earlier drawing of `{album.subject}`")
    if album.missing:
        letters = "".join(sorted(album.missing))
        say(f"warning: no installed font has `{letters}`: boxes in the PNG files, letters in the SVG files")


def _counts(groups: Sequence[Group], folder: Path, runtime: Runtime) -> dict[str, SplitCounts]:
    """The class counts of each data set among the groups, by the first group that has it."""
    from ferray.config.exclusion import kept_list
    from ferray.errors import FerrayError
    from ferray.results.class_counts import count_splits

    found: dict[str, SplitCounts] = {}
    for group in groups:
        config = group.trials[0].trial_config()
        try:
            place = DataPlace(runtime.data_root, runtime.cache_dir, kept_list(folder, config.exclude))
            counts = count_splits(config, place)
        except FerrayError as error:
            say(f"warning: the classes of `{group.name}` are not counted: {error.message}")
            continue
        if counts not in found.values():
            found[group.name] = counts
    return found
