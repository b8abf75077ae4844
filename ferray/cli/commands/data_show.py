"""`ferray data show`: what was found of a data set, as a table of classes and splits, and a sheet of each class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, progress_bars, say, say_notes
from ferray.text.counting import counted

if TYPE_CHECKING:
    from rich.table import Table

    from ferray.config.runtime import Runtime
    from ferray.config.sweep import SweepSpec
    from ferray.config.trial import TrialConfig
    from ferray.data.samples import Splits
    from ferray.data.summary import DataSummary

SHOWN_SIDE = 96  # pixels a side, where the space does not say


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="A search space, or a data set by name.",
            show_default=False,
            autocompletion=completion.spaces_and_datasets,
        ),
    ],
    set: arguments.Sets = None,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of the contact sheets; else `data/NAME` in the output folder.")
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Show what was found of a data set: images by class and split, where they come from, what is not read, copies.

    A contact sheet of each class is drawn to be looked at. Nothing is trained, and the data is left alone.
    """
    asked = dict(locals())
    from ferray.apps.options import overrides_from, runtime_from
    from ferray.config.load import load_space_or_dataset

    spec, notes = load_space_or_dataset(name, overrides_from(asked))
    say_notes(notes, quiet=quiet)
    runtime = runtime_from({**asked, "launcher": "inline"})
    if not quiet:
        say(f"looking at the data of `{name}` in `{runtime.data_root}`")
    documents = []
    for config in _distinct(spec):
        shown = _open(config, runtime, quiet=quiet)
        folder = to or runtime.output / "data" / config.dataset.name
        sheets = _draw(shown, runtime, folder)
        documents.append({**shown.summary.to_json(), "refused": shown.refused, "sheets": list(map(str, sheets))})
        if not json:
            _print(shown)
        if sheets and not quiet:
            say(f"{counted(len(sheets), 'contact sheet is', 'contact sheets are')} in `{folder}`")
    if json:
        print_json({"datasets": documents})


@dataclass(frozen=True)
class _Shown:
    """A data set that is open; `refused` is what a sweep would end with, "" where it would not."""

    config: TrialConfig
    splits: Splits
    summary: DataSummary
    refused: str


def _distinct(spec: SweepSpec) -> list[TrialConfig]:
    """A configuration for each data set and split that trials of the space see; of folds the first."""
    from ferray.config.corners import corner_problems, corners
    from ferray.config.problems import problems_error
    from ferray.config.trial import TrialConfig as Config

    problems = corner_problems(spec)
    if problems:
        raise problems_error(f"space `{spec.name}`", problems)
    firsts = [config.in_fold(0) for _, config in corners(spec) if isinstance(config, Config)]
    return list({f"{config.dataset.model_dump_json()} {config.limit_per_class}": config for config in firsts}.values())


def _open(config: TrialConfig, runtime: Runtime, *, quiet: bool) -> _Shown:
    """The data set of a configuration; what is bad in it is left out, even where a sweep would be refused."""
    from ferray.data.summary import summarise
    from ferray.errors import DataError

    refused = ""
    try:
        splits = _splits(config, runtime, quiet=quiet)
    except DataError as error:
        config = _skipping(config)
        try:
            splits = _splits(config, runtime, quiet=quiet)
        except DataError:
            raise error from None
        refused = error.message
    places = {"data_root": runtime.data_root, "cache_dir": runtime.cache_dir}
    summary = summarise(config.dataset, splits, limit_per_class=config.limit_per_class, **places)
    return _Shown(config, splits, summary, refused)


def _splits(config: TrialConfig, runtime: Runtime, *, quiet: bool) -> Splits:
    from ferray.config.modality import asks_backbone_for_size, image_size
    from ferray.data.pack import open_splits

    size = SHOWN_SIDE if asks_backbone_for_size(config) else image_size(config)
    with progress_bars(quiet=quiet) as bars:
        return open_splits(
            config.dataset,
            size=size,
            limit_per_class=config.limit_per_class,
            data_root=runtime.data_root,
            cache_dir=runtime.cache_dir,
            progress=lambda done, total: bars(f"decoding images of {config.dataset.name}", done, total),
        )


def _skipping(config: TrialConfig) -> TrialConfig:
    from ferray.config.trial import TrialConfig as Config

    dataset = {config.dataset.name: {**config.dataset.params, "bad_samples": "skip"}}
    return Config.model_validate({**config.to_json(), "dataset": dataset})


def _draw(shown: _Shown, runtime: Runtime, folder: Path) -> list[Path]:
    from ferray.data.class_sheets import write_class_sheets
    from ferray.data.opened import open_dataset
    from ferray.files.private_folder import make_private

    make_private(folder)
    opened = open_dataset(shown.config.dataset, runtime.data_root, runtime.cache_dir)
    return write_class_sheets(folder, opened.listing, shown.splits)


def _print(shown: _Shown) -> None:
    """The table of classes and splits, and below it a line on each thing that should be known."""
    from rich.text import Text

    from ferray.cli.terminal.tables import stdout_console

    out, summary = stdout_console(), shown.summary
    place = f" in `{summary.account.place}`" if summary.account.place else ""
    out.print(Text(f"`{summary.dataset}`{place}"), soft_wrap=True)
    out.print(_table(summary))
    for line in _lines(shown):
        out.print(Text(line), soft_wrap=True)


def _table(summary: DataSummary) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    splits = [split for split in summary.splits if split.total]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_footer=True)
    table.add_column("class", footer="all")
    for split in splits:
        table.add_column(split.name, justify="right", footer=f"{split.total:,}")
    table.add_column("all", justify="right", footer=f"{sum(split.total for split in splits):,}")
    for label, name in enumerate(summary.classes):
        counts = [split.counts[label] for split in splits]
        table.add_row(Text(name), *(f"{count:,}" for count in (*counts, sum(counts))))
    return table


def _lines(shown: _Shown) -> list[str]:
    summary = shown.summary
    lines = [f"{split.name}: {split.source}" for split in summary.splits if split.total]
    lines += summary.limits
    lines += [f"passed over: {words}" for words in summary.account.passed_in_words()]
    if summary.skipped and not summary.skipped.is_known and not shown.refused:
        lines.append(summary.skipped.sentence(summary.dataset))
    if shown.refused:
        lines.append(f"a sweep is refused: {shown.refused}")
    return [*lines, *summary.notes()]
