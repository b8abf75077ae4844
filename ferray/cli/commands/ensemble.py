"""`ferray ensemble`: trials that answer better together than the best of them alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show

if TYPE_CHECKING:
    from ferray.artifacts.ensemble import Ensemble
    from ferray.results.gain import Gain

NAMES = {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro-F1", "loss": "loss"}


def ensemble(
    name: arguments.Sweep,
    candidates: Annotated[int, typer.Option(min=2, help="How many of the best trials may be members.")] = 50,
    bags: Annotated[
        int, typer.Option(min=1, help="How often the validation images are drawn anew; 1: as they are.")
    ] = 20,
    rounds: Annotated[int, typer.Option(min=1, help="How often a trial is added, the same one again too.")] = 25,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Measure the gain on the test split, once.")] = True,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Choose trials that answer best together on validation images, and measure the gain on test images, once."""
    given = dict(locals())
    from ferray.apps.options import place_of, runtime_from

    place, asked = place_of(name, given, Lines())
    runtime = runtime_from({**asked, "launcher": "inline"})
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder, storage)
    say(f"ensemble of `{record.name}`: importing torch")
    from ferray.apps.ensemble import JudgedEnsemble, build_ensemble
    from ferray.apps.ensemble_choice import SelectionOptions, choose_ensemble

    options = SelectionOptions(candidates, bags, rounds)
    if test:
        found = build_ensemble(record, place.folder, runtime, options, say)
    else:
        found = JudgedEnsemble(choose_ensemble(record, place.folder, runtime, options, say))
    if json:
        print_json({**found.ensemble.to_json(), "test": [gain.to_json() for gain in found.gains]})
        return
    for line in (*_lines(found.ensemble), *gain_lines(found.gains, "ensemble", found.ensemble.best_trial)):
        show(line)


def _lines(found: Ensemble) -> list[str]:
    members = ", ".join(f"{member.trial} ({member.weight:.2f})" for member in found.members)
    score = NAMES[found.chosen_by.removeprefix("val/")]
    return [
        f"{len(found.members)} of {found.num_candidates} trials, with their weights: {members}",
        f"validation {score} {found.value:.3f} after {found.best_value:.3f} of trial {found.best_trial} "
        f"(n = {found.num_val}; chosen on these images, so both flatter)",
    ]


def gain_lines(gains: tuple[Gain, ...], called: str, best: int) -> list[str]:
    """A line for each score, with both, their intervals and the difference."""
    lines = []
    for gain in gains:
        ours, theirs = (f"{each.value:.3f} {_interval(each.interval)}" for each in (gain.ours, gain.theirs))
        gap = f"{gain.difference.value:+.3f} {_interval(gain.difference.interval, signed=True)}".rstrip()
        lines.append(
            f"test {NAMES[gain.metric]}: {called} {ours}, trial {best} {theirs}, gain {gap}: {gain.verdict} "
            f"(n = {gain.n}, 95 %)"
        )
    return lines


def _interval(interval: Any, *, signed: bool = False) -> str:
    if interval is None:
        return ""
    sign = "+" if signed else ""
    return f"[{interval[0]:{sign}.3f}, {interval[1]:{sign}.3f}]"
