"""`ferray explain`: what a trial looks at and what it gets wrong, on its validation images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show
from ferray.text.commands import shortest_path
from ferray.text.counting import counted


def explain(
    name: arguments.Sweep,
    trial: Annotated[int | None, typer.Option("--trial", min=0, help="Its number; else the best one.")] = None,
    images: Annotated[int, typer.Option("--images", min=1, max=200, help="Images on a sheet at most.")] = 20,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder for the files; else `figures/explained/` in the trial's.")
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Show what a trial looks at (Grad-CAM), which classes it confuses most, and each class's highest losses.

    On its validation images: the test split is not read.
    """
    given = dict(locals())
    from ferray.apps.options import place_of, runtime_from

    listener = Lines()
    place, asked = place_of(name, given, listener)
    runtime = runtime_from({**asked, "launcher": "inline"})
    from ferray.results.chosen import choose_trials
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder, storage)
    (chosen,) = choose_trials(record, place.folder, () if trial is None else (trial,))
    say(f"explaining `{record.name}`: importing torch")
    from ferray.apps.explain import explain_trial

    explained = explain_trial(record, chosen, place.folder, runtime, to=to, images=images, listener=listener)
    document = explained.to_json()
    if json:
        print_json(document)
        return
    _print(document)


def _print(document: dict[str, Any]) -> None:
    what = f"trial {document['trial']}, epoch {document['epoch']}"
    show(f"{document['sweep']}: {what}, on {counted(document['n'], 'validation image')} (95 % intervals)")
    if document["pairs"]:
        show("most confused, as shares of the class:")
    for pair in document["pairs"]:
        told = _share(pair["share"], pair["interval"])
        show(f"  {pair['label']} taken for {pair['predicted']}: {pair['count']} of {pair['n']} ({told})")
    show("recall, and the highest loss:")
    width = max(len(entry["class"]) for entry in document["classes"])
    for entry in document["classes"]:
        show(f"  {entry['class']:<{width}}  {_line(entry)}")
    files = document["files"]
    show(f"{counted(len(files), 'file')} in {shortest_path(Path(files[0]).parent)}")


def _line(entry: dict[str, Any]) -> str:
    if not entry["n"]:
        return "no validation image"
    (worst,) = entry["highest_loss"]
    became = "recognised" if worst["predicted"] == entry["class"] else f"taken for {worst['predicted']}"
    told = f"{worst['loss']:.2f} of {worst['name']}, {became}"
    return f"{_share(entry['recall'], entry['interval'])}, n = {entry['n']}; {told}"


def _share(value: float, interval: list[float]) -> str:
    return f"{value:.0%}, {interval[0]:.0%} to {interval[1]:.0%}"
