"""`ferray power`: how many seeds a difference between two recipes needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, show
from ferray.config.place import find_sweep

if TYPE_CHECKING:
    from ferray.apps.power import PowerTable


def power(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A sweep by name, or its folder, whose confirmation or repeated recipes tell the scatter over seeds.",
            show_default=False,
            autocompletion=completion.sweeps,
        ),
    ] = None,
    sd: Annotated[
        float | None, typer.Option("--sd", help="Standard deviation of a recipe's score over seeds, such as 0.012.")
    ] = None,
    images: Annotated[
        int | None, typer.Option("--images", help="Test images; else as many as the scatter was measured on.")
    ] = None,
    difference: Annotated[
        list[float] | None,
        typer.Option("--difference", help="A true difference to find, such as 0.02; may be repeated."),
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seeds", help="Say what so many seeds find; may be repeated.")
    ] = None,
    disagreement: Annotated[
        float | None,
        typer.Option(
            "--disagreement",
            help="Share of images that only one of two recipes gets right; else as confirmed, else 0.1.",
        ),
    ] = None,
    power: Annotated[float, typer.Option("--power", help="The chance to find the difference.")] = 0.8,
    comparisons: Annotated[
        int, typer.Option("--comparisons", help="Pairs that are compared: three finalists are three pairs.")
    ] = 1,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Say how many seeds find a difference of two recipes, and what so many seeds find, by the test of `confirm`."""
    place = None if name is None else find_sweep(name, output, storage)
    from ferray.apps.power import DIFFERENCES, SEEDS, Asked, power_table, refuse_wrong, spread_of

    asked = Asked(tuple(difference or DIFFERENCES), tuple(seeds or SEEDS), power, comparisons, disagreement)
    refuse_wrong(asked, sd, images)
    measured = None if place is None else spread_of(place, storage)
    table = power_table(asked, sd=sd, num_images=images, measured=measured)
    if json:
        print_json(table.to_json())
    else:
        _print(table)


def _print(table: PowerTable) -> None:
    from ferray.cli.terminal.plain_table import print_table
    from ferray.cli.terminal.tables import stdout_console

    show(f"sd over seeds {table.sd:.4f} ({table.source}); {_images(table)}")
    columns, rows = (
        ("difference", "seeds each"),
        [(f"{gap:g}", "-" if seeds is None else f"{seeds:,}") for gap, seeds in table.seeds],
    )
    print_table(stdout_console(), columns, rows, right=columns)
    if any(seeds is None for _, seeds in table.seeds):
        show(f"-: not found by a thousand seeds{', as the draw of the images hides it' if table.n else ''}")
    for count, found in table.smallest:
        show(f"{count} seeds find differences from {found:.3f} on" if found is not None else f"{count} seeds find none")
    comparisons = table.asked.comparisons
    among = f" divided among {comparisons} comparisons" if comparisons > 1 else ""
    show(f"found with a chance of {table.asked.power:g} at the 5 % level{among}, both on the same seeds and images")


def _images(table: PowerTable) -> str:
    if not table.n:
        return "the draw of the test images is not counted, `--images` says how many there are"
    alone = table.spread.draw_error
    disagree = "differences scatter as those of the finalists"
    if table.disagreement is not None:
        disagree = f"two recipes are taken to disagree on {100 * table.disagreement:g} % of them"
    return f"n={table.n:,} images, {disagree}: their draw alone has a standard error of {alone:.4f}"
