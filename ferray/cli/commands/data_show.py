"""`ferray data show`: what was found of a data set, as a table of classes and splits, and a sheet of each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import Lines, Warnings
from ferray.cli.terminal.output import print_json

if TYPE_CHECKING:
    from rich.console import Console

    from ferray.apps.data_show import ShownData
    from ferray.data.summary import DataSummary


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
    output: arguments.OutputHere = Path("runs"),
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Show what was found of a data set: images by class and split, where they come from, what is not read, copies.

    A contact sheet of each class is drawn to be looked at. Nothing is trained, and the data is left alone.
    """
    from ferray.apps.data_show import show_data

    documents = []
    for shown in show_data(name, dict(locals()), Warnings() if quiet else Lines()):
        documents.append(shown.to_json())
        if not json:
            _print(shown)
    if json:
        print_json({"datasets": documents})


def _print(shown: ShownData) -> None:
    """The table of classes and splits, and below it a line on each thing that should be known."""
    from ferray.cli.terminal.plain_table import print_line
    from ferray.cli.terminal.tables import stdout_console

    out, summary = stdout_console(), shown.summary
    place = f" in `{summary.account.place}`" if summary.account.place else ""
    print_line(out, f"`{summary.dataset}`{place}")
    _print_counts(out, summary)
    for line in _lines(shown):
        print_line(out, line)


def _print_counts(out: Console, summary: DataSummary) -> None:
    from ferray.cli.terminal.plain_table import print_table

    splits = [split for split in summary.splits if split.total]
    counts = [[split.counts[label] for split in splits] for label in range(len(summary.classes))]
    totals = [split.total for split in splits]
    columns = (*(split.name for split in splits), "all")
    rows = [(name, *_with_sum(of_class)) for name, of_class in zip(summary.classes, counts, strict=True)]
    print_table(out, ("class", *columns), rows, right=columns, total=("all", *_with_sum(totals)))


def _with_sum(counts: Sequence[int]) -> Iterator[str]:
    return (f"{count:,}" for count in (*counts, sum(counts)))


def _lines(shown: ShownData) -> list[str]:
    summary = shown.summary
    lines = [f"{split.name}: {split.source}" for split in summary.splits if split.total]
    lines += summary.limits
    lines += [f"passed over: {words}" for words in summary.account.passed_in_words()]
    if summary.skipped and not summary.skipped.is_known and not shown.refused:
        lines.append(summary.skipped.sentence(summary.dataset))
    if shown.refused:
        lines.append(f"a sweep is refused: {shown.refused}")
    return [*lines, *summary.notes()]
