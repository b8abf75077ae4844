"""`ferray export`: a trained trial as a folder that others use without ferray."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines, Warnings
from ferray.cli.terminal.output import print_json, say, show_text
from ferray.text.commands import command, shortest_path

if TYPE_CHECKING:
    from ferray.exports.folder import Exported


def export(
    name: arguments.Sweep,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder to write.", show_default=False)],
    trial: Annotated[
        int | None, typer.Option("--trial", min=0, help="A trial by its number; else the best one.")
    ] = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="The trials that `ensemble` has chosen, as one model.")
    ] = False,
    onnx: Annotated[bool, typer.Option("--onnx/--no-onnx", help="Whether to write ONNX too.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export in that folder.")] = False,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Write a trial's weights, ONNX, preprocessing, metrics with intervals and a model card into one folder.

    The folder is asked about 100 validation images, and written only if its logits are the trial's within 1e-4.
    """
    asked = dict(locals())
    from ferray.apps.recorded import request_export

    listener = Warnings() if quiet else Lines()
    found = request_export(name, to, asked, listener)
    number = None if ensemble else found.trials[0].number
    whose = "the ensemble" if ensemble else f"trial {number}"
    listener.noted(f"exporting {whose} of `{found.record.name}`: importing torch")
    from ferray.apps.export import run_export

    exported = run_export(found, to, with_onnx=onnx, listener=listener)
    if json:
        what = {"ensemble": True} if ensemble else {"trial": number}
        files, checks = list(exported.files), asdict(exported.checks)
        print_json({"folder": str(to), **what, "files": files, "checks": checks})
        return
    show_text("".join(f"{shortest_path(to / name)}\n" for name in exported.files))
    if not quiet:
        _tell(exported)


def _tell(exported: Exported) -> None:
    checks = exported.checks
    told = [f"{what} {value:.1e}" for what, value in _differences(exported) if value is not None]
    say(f"checked on {checks.asked}: logits differ from the trial's by at most {', '.join(told)}")
    if exported.whole_by_timm:
        say(f"timm alone builds it: `timm.create_model('local-dir:{exported.folder}', pretrained=True)`")
    say(f"`{command('predict', shortest_path(exported.folder), 'PICTURES')}` asks it; `README.md` there says the rest")


def _differences(exported: Exported) -> tuple[tuple[str, float | None], ...]:
    checks = exported.checks
    return ("safetensors", checks.safetensors), ("ONNX", checks.onnx), ("timm", checks.timm)
