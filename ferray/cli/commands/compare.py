"""`ferray compare`: what a paper printed, and ours beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, show_text
from ferray.errors import ConfigError

if TYPE_CHECKING:
    from ferray.papers.compare import Comparison


def compare(
    space: Annotated[
        str,
        typer.Argument(
            help="A search space by name or as a YAML file, or a sweep by name or its folder.",
            autocompletion=completion.spaces_and_sweeps,
        ),
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
    """Put a paper's published numbers beside ours, or a sweep's arms beside each other, with n and interval."""
    if sum((markdown, latex, json)) > 1:
        raise ConfigError("`--markdown`, `--latex` and `--json` are one choice", "leave all but one out")
    from ferray.apps.compare import compare_sweep

    comparison = compare_sweep(space, name=name, output=output, storage=storage, quick=quick)
    if json:
        print_json(comparison.to_json())
    elif markdown or latex:
        from ferray.papers import comparison_text

        form = comparison_text.markdown if markdown else comparison_text.latex
        show_text(form(comparison_text.text_of(comparison)))
    else:
        print_comparison(comparison)


def print_comparison(comparison: Comparison) -> None:
    """Tables and notes on stdout, as wide as the terminal."""
    from ferray.cli.terminal.plain_table import print_line, print_table
    from ferray.cli.terminal.tables import stdout_console
    from ferray.papers.comparison_text import text_of

    out, text = stdout_console(), text_of(comparison)
    for table in text.tables:
        print_line(out, table.title, style="bold")
        print_table(out, table.columns, table.rows)
    for note in text.notes:
        print_line(out, note)
