"""`ferray data prepare`: the faces of a data set, cut and looked over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import Lines, Warnings
from ferray.cli.terminal.output import print_json, say
from ferray.text.commands import command

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ferray.crops.plan import Plan
    from ferray.crops.prepare import Prepared

    Model = TypeVar("Model", bound=BaseModel)

_CUT = "How faces are cut"
_LOOK = "What is remarked upon"


Dataset = Annotated[
    str,
    typer.Argument(
        help=f"A data set: see `{command('list datasets')}`.",
        show_default=False,
        autocompletion=completion.components("dataset"),
    ),
]
Faces = Annotated[
    str,
    typer.Option(
        "--faces",
        help="mtcnn, center, csv, none; or with parameters.",
        rich_help_panel=_CUT,
        autocompletion=completion.components("faces"),
    ),
]
Boxes = Annotated[
    Path | None, typer.Option("--boxes", help="For `--faces csv`: the boxes, as `faces.csv`.", rich_help_panel=_CUT)
]
Size = Annotated[int, typer.Option("--size", help="Pixels a side of a crop.", rich_help_panel=_CUT)]
Margin = Annotated[
    float, typer.Option("--margin", help="Added on each side, as a part of the box's side.", rich_help_panel=_CUT)
]
Align = Annotated[
    bool, typer.Option("--align/--no-align", help="Rotate so that the eyes are level.", rich_help_panel=_CUT)
]
Which = Annotated[str, typer.Option("--which", help="Of several faces: largest, central, best.", rich_help_panel=_CUT)]
Missed = Annotated[str, typer.Option("--missed", help="Without a face: keep, drop, center.", rich_help_panel=_CUT)]
Small = Annotated[
    float, typer.Option("--small", metavar="PX", help="Flag faces of fewer pixels.", rich_help_panel=_LOOK)
]
Blurred = Annotated[float, typer.Option("--blurred", help="Flag a Laplacian's variance below.", rich_help_panel=_LOOK)]
Tilted = Annotated[
    float, typer.Option("--tilted", metavar="DEG", help="Flag eyes further from level.", rich_help_panel=_LOOK)
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter of the data set; may be repeated."),
]
To = Annotated[Path | None, typer.Option("--to", help="Folder of the crops; else DATA_ROOT/DATASET_faces_KIND.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; else one for each core.")]


def prepare(
    dataset: Dataset,
    faces: Faces = "mtcnn",
    boxes: Boxes = None,
    size: Size = 224,
    margin: Margin = 0.2,
    align: Align = True,
    which: Which = "largest",
    missed: Missed = "keep",
    small: Small = 40,
    blurred: Blurred = 30,
    tilted: Tilted = 15,
    set: Sets = None,
    bad_samples: arguments.BadSamples = None,
    data_root: arguments.DataRoot = None,
    to: To = None,
    workers: Workers = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Cut the face out of every picture, aligned by the eyes, and report what to look at.

    The crops lie in a folder that ferray reads like any data set, with `report.json`, `contact.png` to look at, and
    `faces.csv` to correct by hand and read back with `--faces csv`. The same command goes on where it was stopped.
    """
    from ferray.apps.data_prepare import closing_lines, prepare_faces

    plan, prepared = prepare_faces(dict(locals()), Warnings() if quiet else Lines())
    _print_report(plan, prepared, json=json)
    if not quiet:
        for line in closing_lines(plan, prepared):
            say(line)


def _print_report(plan: Plan, prepared: Prepared, *, json: bool) -> None:
    if json:
        where = {"folder": str(plan.to), "num_done": prepared.num_done, "num_before": prepared.num_before}
        print_json({**where, **prepared.report})
        return
    from ferray.cli.terminal.plain_table import print_table
    from ferray.cli.terminal.tables import stdout_console

    total = prepared.report["counts"]
    rows = [(name, *map(str, numbers.values())) for name, numbers in prepared.report["classes"].items()]
    last = ("all", *map(str, total.values()))
    print_table(stdout_console(), ("class", *total), rows, right=tuple(total), total=last)
