"""`ferray data prepare`: the faces of a data set, cut and looked over."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, progress_bars, say
from ferray.errors import ConfigError
from ferray.system.cores import num_cores
from ferray.text.commands import command
from ferray.text.counting import counted

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ferray.config.trial import Component
    from ferray.crops.plan import Plan
    from ferray.crops.prepare import Prepared

    Model = TypeVar("Model", bound=BaseModel)

_CUT = "How faces are cut"
_LOOK = "What is remarked upon"


Dataset = Annotated[str, typer.Argument(help=f"A data set: see `{command('list datasets')}`.", show_default=False)]
Faces = Annotated[
    str, typer.Option("--faces", help="mtcnn, center, csv, none; or with parameters.", rich_help_panel=_CUT)
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
    sets: Sets = None,
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
    asked = dict(locals())
    from ferray.registry import ROOMS

    ROOMS["dataset"].load(dataset)  # a wrong name is refused before anything heavy is imported
    from ferray.crops.prepare import prepare as run
    from ferray.crops.quality import Bounds

    plan = plan_from(asked)
    bounds = _checked(Bounds, {"small_px": small, "blurred": blurred, "tilted_deg": tilted})
    try:
        with progress_bars(quiet=quiet) as bars:
            prepared = run(
                plan,
                bounds,
                workers=workers or num_cores(),
                progress=lambda done, total: bars("cutting faces out of images", done, total),
            )
    except KeyboardInterrupt:
        say(f"stopped; the same command goes on with what is in `{plan.to}`")
        raise
    _print_report(plan, prepared, json=json)
    if not quiet:
        for line in closing_lines(plan, prepared):
            say(line)


def plan_from(asked: dict[str, Any]) -> Plan:
    """The plan among the command's options; ConfigError, in the option's words, for what cannot be."""
    from ferray.config.data_root import default_data_root
    from ferray.config.trial import DatasetChoice
    from ferray.crops.cutting import CropSettings
    from ferray.crops.plan import FacesChoice, Plan

    choice = _component(DatasetChoice, asked["dataset"], _dataset_params(asked), "dataset")
    faces = _faces(FacesChoice, asked["faces"], asked["boxes"])
    names = ("size", "margin", "align", "which", "missed")
    crop = _checked(CropSettings, {name: asked[name] for name in names})
    root = Path(asked["data_root"] or default_data_root()).absolute()
    to = asked["to"] or root / f"{choice.name}_faces_{faces.name}"
    return Plan(choice, faces, root, Path(to).absolute(), crop)


def closing_lines(plan: Plan, prepared: Prepared) -> list[str]:
    """What was done, where it is, and how to go on with it."""
    before = f", {counted(prepared.num_before, 'was', 'were')} done before" if prepared.num_before else ""
    num_crops = prepared.report["counts"]["written"]
    done, crops = counted(prepared.num_done, "picture"), counted(num_crops, "crop")
    lines = [f"{done} dealt with{before}; {crops} and `faces.csv` are in `{plan.to}`"]
    sheets = prepared.report["contact_sheets"]
    lines.append(
        f"look at `{plan.to / sheets[0]}`" + (f" and {counted(len(sheets) - 1, 'more sheet')}" if sheets[1:] else "")
    )
    if plan.faces.name != "csv":
        boxes = ("--faces", "csv", "--boxes", "faces.csv")
        again = command("data prepare", plan.dataset.name, *boxes, "--data-root", plan.root)
        lines.append(f"wrong boxes: correct a copy of `faces.csv`, then `{again}`")
    return [*lines, f"train on them: {_how_to_read(plan)}"]


def _how_to_read(plan: Plan) -> str:
    is_read_by_name = plan.dataset.name == "sfew" and plan.faces.name != "none"
    if is_read_by_name and plan.to == plan.root / f"sfew_faces_{plan.faces.name}":
        return f"`--set dataset.faces={plan.faces.name}` of a space over `sfew`"
    if plan.to.is_relative_to(plan.root):
        return f"`--set 'dataset={{image_folder: {{path: {plan.to.relative_to(plan.root).as_posix()}}}}}'`"
    return f"`--set dataset=image_folder --data-root {quote(str(plan.to))}`"


def _dataset_params(asked: dict[str, Any]) -> dict[str, Any]:
    from ferray.config.yaml import parse_yaml
    from ferray.registry import ROOMS

    params = dict(ROOMS["dataset"].load(asked["dataset"]).uncropped)
    for item in asked["sets"] or ():
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"`--set {item}` is not KEY=VALUE", "for example `--set bad_samples=skip`")
        params[key.strip().removeprefix("dataset.")] = parse_yaml(text, source=f"--set {key.strip()}")
    if asked["bad_samples"] is not None:
        params["bad_samples"] = asked["bad_samples"]
    return params


def _faces(choice: type[Component], text: str, boxes: Path | None) -> Any:
    from ferray.config.trial import split_component
    from ferray.config.yaml import parse_yaml

    try:
        name, params = split_component(parse_yaml(text, source="--faces"))
    except ValueError as error:
        raise ConfigError(f"`--faces {text}`: {error}", "for example `--faces mtcnn`") from error
    if boxes is not None and name != "csv":
        raise ConfigError(f"`--boxes` is for `--faces csv`, not `{name}`", "pass `--faces csv`")
    if boxes is not None:
        params = {**params, "boxes": str(boxes.absolute())}
    return _component(choice, name, params, "--faces")


def _component(choice: type[Component], name: str, params: dict[str, Any], source: str) -> Any:
    from pydantic import ValidationError

    from ferray.config.problems import problems_error
    from ferray.config.wording import problem_lines
    from ferray.registry import ROOMS

    ROOMS[choice.ROOM].load(name)
    try:
        return choice.model_validate({name: params})
    except ValidationError as error:
        told = problems_error(source, problem_lines(error))
        hint = f"`{command('show component', choice.ROOM, name)}` lists its parameters and their bounds"
        raise ConfigError(told.message, hint) from error


def _checked(model: type[Model], given: dict[str, Any]) -> Model:
    """`model` over these values; ConfigError that names the options whose values cannot be."""
    from pydantic import ValidationError

    from ferray.config.wording import problem_lines

    try:
        return model.model_validate(given)
    except ValidationError as error:
        lines = [line.partition(": ") for line in problem_lines(error)]
        # An option has no unit in its name.
        text = "\n  ".join(f"`--{key.removesuffix('_px').removesuffix('_deg')}` {what}" for key, _, what in lines)
        raise ConfigError(text, f"see `{command('data prepare --help')}`") from error


def _print_report(plan: Plan, prepared: Prepared, *, json: bool) -> None:
    if json:
        where = {"folder": str(plan.to), "num_done": prepared.num_done, "num_before": prepared.num_before}
        print_json({**where, **prepared.report})
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ferray.cli.terminal.tables import stdout_console

    total = prepared.report["counts"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("class")
    for name in total:
        table.add_column(name, justify="right")
    for name, numbers in {**prepared.report["classes"], "all": total}.items():
        table.add_row(Text(name), *(str(number) for number in numbers.values()))
    stdout_console().print(table)
