"""The faces of a data set, cut and looked over, for `ferray data prepare`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from ferray.config.data_root import address_of, data_root_at, default_data_root
from ferray.config.problems import problems_error
from ferray.config.tree import split_component
from ferray.config.trial import Component, DatasetChoice
from ferray.config.wording import problem_lines
from ferray.config.yaml import parse_yaml
from ferray.errors import ConfigError
from ferray.registry import ROOMS
from ferray.system.cores import num_cores
from ferray.text.commands import command
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.crops.plan import Plan
    from ferray.crops.prepare import Prepared
    from ferray.crops.quality import Bounds
    from ferray.events import Listener

Model = TypeVar("Model", bound=BaseModel)


def prepare_faces(asked: Mapping[str, Any], listener: Listener) -> tuple[Plan, Prepared]:
    """Cut what the options ask for, going on where it was stopped; ConfigError, in their words, for what cannot be."""
    ROOMS["dataset"].load(asked["dataset"])  # a wrong name is refused before anything heavy is imported
    from ferray.crops.prepare import prepare

    plan, bounds = plan_from(asked), _bounds_from(asked)
    try:
        prepared = prepare(
            plan,
            bounds,
            workers=asked["workers"] or num_cores(),
            progress=lambda done, total: listener.progressed("cutting faces out of images", done, total),
        )
    except KeyboardInterrupt:
        listener.progressed("", 0, 0)
        listener.warned(f"stopped; the same command goes on with what is in `{plan.to}`")
        raise
    finally:
        listener.progressed("", 0, 0)
    return plan, prepared


def plan_from(asked: Mapping[str, Any]) -> Plan:
    """The plan among the options; ConfigError, in the option's words, for what cannot be."""
    from ferray.crops.cutting import CropSettings
    from ferray.crops.plan import FacesChoice, Plan

    choice = _component(DatasetChoice, asked["dataset"], _dataset_params(asked), "dataset")
    faces = faces_from(FacesChoice, asked["faces"], asked["boxes"])
    names = ("size", "margin", "align", "which", "missed")
    crop = _checked(CropSettings, {name: asked[name] for name in names})
    root = data_root_at(asked["data_root"] or default_data_root()).absolute()
    if asked["to"] is None and (address := address_of(root)):
        raise ConfigError(f"crops are not written to `{address}`", "pass the folder that they go to by `--to`")
    to = asked["to"] or root / f"{choice.name}_faces_{faces.name}"
    return Plan(choice, faces, root, Path(to).absolute(), crop)


def _bounds_from(asked: Mapping[str, Any]) -> Bounds:
    from ferray.crops.quality import Bounds

    given = {"small_px": asked["small"], "blurred": asked["blurred"], "tilted_deg": asked["tilted"]}
    return _checked(Bounds, given)


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


def _dataset_params(asked: Mapping[str, Any]) -> dict[str, Any]:
    params = dict(ROOMS["dataset"].load(asked["dataset"]).uncropped)
    for item in asked["set"] or ():
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"`--set {item}` is not KEY=VALUE", "for example `--set bad_samples=skip`")
        params[key.strip().removeprefix("dataset.")] = parse_yaml(text, source=f"--set {key.strip()}")
    if asked["bad_samples"] is not None:
        params["bad_samples"] = asked["bad_samples"]
    return params


def faces_from(choice: type[Component], text: str, boxes: Path | None) -> Any:
    """What `--faces` and `--boxes` ask for, as a choice of that room; ConfigError in their words for what cannot be."""
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
    ROOMS[choice.ROOM].load(name)
    try:
        return choice.model_validate({name: params})
    except ValidationError as error:
        told = problems_error(source, problem_lines(error))
        hint = f"`{command('show component', choice.ROOM, name)}` lists its parameters and their bounds"
        raise ConfigError(told.message, hint) from error


def _checked(model: type[Model], given: dict[str, Any]) -> Model:
    """`model` over these values; ConfigError that names the options whose values cannot be."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        lines = [line.partition(": ") for line in problem_lines(error)]
        # An option has no unit in its name.
        text = "\n  ".join(f"`--{key.removesuffix('_px').removesuffix('_deg')}` {what}" for key, _, what in lines)
        raise ConfigError(text, f"see `{command('data prepare --help')}`") from error
