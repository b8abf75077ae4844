"""`ferray compare`: what a paper printed, and ours beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, show_text
from ferray.config.place import QUICK, SPACE_NAME, Place, find_sweep, is_sweep, words_for
from ferray.errors import ConfigError
from ferray.text.commands import shortest_path

if TYPE_CHECKING:
    from ferray.config.sweep import SweepSpec
    from ferray.papers.compare import Comparison
    from ferray.papers.comparison_text import TextTable
    from ferray.study.records import SweepRecord


def compare(
    space: Annotated[
        str, typer.Argument(help="A search space by name or as a YAML file, or a sweep by name or its folder.")
    ],
    quick: Annotated[bool, typer.Option("--quick", help="Compare the sweep that `--quick` made.")] = False,
    name: Annotated[
        str | None, typer.Option("--name", help="The sweep or its folder, where it is not called as the space.")
    ] = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX, for booktabs and tabularx.")] = False,
    json: arguments.Json = False,
) -> None:
    """Put a paper's published numbers beside ours: n, interval and a plain word where the protocols differ."""
    if sum((markdown, latex, json)) > 1:
        raise ConfigError("`--markdown`, `--latex` and `--json` are one choice", "leave all but one out")
    sweep = _sweep_called(space, output) if name is None else find_sweep(name, output, storage)
    if sweep is not None and name is None:
        space, quick = str(shortest_path(sweep.folder / SPACE_NAME)), quick or sweep.study.endswith(QUICK)
    from ferray.config.load import load_space
    from ferray.config.overrides import Overrides

    spec, _ = load_space(space)
    swept, _ = load_space(space, Overrides(quick=quick))
    folder = sweep.folder if sweep else output / swept.name
    from ferray.papers.compare import compare as compared

    record = _record(swept, folder, storage)
    comparison = compared(spec, record, folder, space=space, is_quick=quick)
    if json:
        print_json(comparison.to_json())
    elif markdown or latex:
        from ferray.papers import comparison_text

        form = comparison_text.markdown if markdown else comparison_text.latex
        show_text(form(comparison_text.text_of(comparison)))
    else:
        print_comparison(comparison)


def _sweep_called(name: str, output: Path) -> Place | None:
    """The sweep that `name` is, or the folder of; None where it is a space's."""
    from ferray.config.load import space_names

    if name.endswith((".yaml", ".yml")) or name in space_names():
        return None
    return find_sweep(name, output) if is_sweep(output / name) or is_sweep(Path(name)) else None


def _record(spec: SweepSpec, folder: Path, storage: str | None) -> SweepRecord:
    """What the store says; a sweep that was never started is one without trials."""
    from ferray.study.history import load_sweep
    from ferray.study.records import SweepRecord as Record

    if storage is None and not is_sweep(folder):
        return Record(folder.name, spec.objective.metric, spec.objective.mode, (), words=words_for(folder))
    return load_sweep(folder, storage)


def print_comparison(comparison: Comparison) -> None:
    """Tables and notes on stdout, as wide as the terminal."""
    from rich.text import Text

    from ferray.cli.terminal.tables import stdout_console
    from ferray.cli.terminal.wrapping import wrapped
    from ferray.papers.comparison_text import text_of

    out, text = stdout_console(), text_of(comparison)
    for table in text.tables:
        out.print(Text(table.title, style="bold"), soft_wrap=True)
        out.print(_rich_table(table))
    for note in text.notes:
        out.print(Text(wrapped(note, out.width if out.is_terminal else None, indent="  ")), soft_wrap=True)


def _rich_table(table: TextTable) -> object:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in table.columns:
        drawn.add_column(column, overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return drawn
