"""`ferray calibrate`: probabilities that come true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show

if TYPE_CHECKING:
    from ferray.artifacts.calibration import Calibration


def calibrate(
    name: arguments.Sweep,
    trial: Annotated[int | None, typer.Option("--trial", min=0, help="A trial by its number; else the best.")] = None,
    ensemble: Annotated[bool, typer.Option("--ensemble", help="The ensemble in the place of a trial.")] = False,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write the calibrated trial as a .safetensors file.")
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Find the temperature that makes probabilities come true, on validation images; no answer changes."""
    asked = dict(locals())
    from ferray.apps.recorded import request_calibration

    request = request_calibration(name, asked, Lines())
    record, number = request.record, None if ensemble else request.trials[0].number
    say(f"calibrating `{record.name}`: importing torch")
    from ferray.apps.calibrate import run_calibration

    found, files = run_calibration(request, to, say)
    for file in files:
        say(f"drawn: {file}")
    whose = "ensemble" if ensemble else f"trial {number}"
    if json:
        print_json({"sweep": record.name, "trial": number, **found.to_json()})
        return
    for line in _lines(whose, found):
        show(line)


def _lines(whose: str, found: Calibration) -> list[str]:
    (low, high), (least, most) = found.ece_before_interval, found.ece_after_interval
    gap = found.difference_interval
    return [
        f"{whose}: temperature {found.temperature:.3f}, by which logits are to be divided; no answer changes",
        f"ECE {found.ece_before:.3f} [{low:.3f}, {high:.3f}] before, {found.ece_after:.3f} [{least:.3f}, {most:.3f}] "
        f"after: {found.difference:+.3f} [{gap[0]:+.3f}, {gap[1]:+.3f}] "
        f"(n = {found.n} validation images, 95 %; after: each by a temperature found without it)",
        f"log loss {found.log_loss_before:.3f} before, {found.log_loss_after:.3f} after",
    ]
