"""`ferray evaluate`: the test split, once a trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show

if TYPE_CHECKING:
    from ferray.results.blinding import Standing
    from ferray.results.held_out import HeldOut
    from ferray.stats.intervals import Interval


def evaluate(
    name: arguments.Sweep,
    trial: Annotated[
        list[int] | None, typer.Option("--trial", min=0, help="A trial by its number; may be repeated.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every complete trial: for arms that were fixed before anything was seen.")
    ] = False,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Judge the best trial on the test split, or those asked for; what is known of a checkpoint is not asked again."""
    asked = {**locals(), "trial": trial or None, "all": every}
    from ferray.apps.recorded import request_evaluation

    found = request_evaluation(name, asked, Lines())
    from ferray.results.blinding import standing_of

    record = found.record
    standing = standing_of(record, found.folder)
    say(f"evaluating `{record.name}`: importing torch")
    from ferray.apps.evaluate import evaluate_trials

    results = evaluate_trials(record, found.trials, found.folder, found.runtime, say)
    if json:
        print_json({"sweep": record.name, "trials": [_entry(result) for result in results]})
        return
    for result in results:
        show(_line(result, standing))
    if any(result.clusters is None for result in results):
        say("intervals take images for independent: no people or films that several of them show are known")


def _entry(result: HeldOut) -> dict[str, Any]:
    intervals = {metric: list(reach or ()) for metric, reach in result.intervals.items()}
    return {**result.to_json(), "intervals": intervals, "groups": result.num_groups}


def _line(result: HeldOut, standing: Standing) -> str:
    from ferray.results.blinding import when_read
    from ferray.stats.estimates import METRIC_NAMES

    figures = [
        f"{METRIC_NAMES[metric]} {result.metrics[f'test/{metric}']:.3f}{_reach(ends)}"
        for metric, ends in result.intervals.items()
    ]
    when, over = when_read(result, standing), f" over {result.clusters.in_words()}" if result.clusters else ""
    told = f"trial {result.trial}: test {', '.join(figures)} (n = {result.n}, 95 %{over})"
    return f"{told}, {when}" if when else told


def _reach(ends: Interval | None) -> str:
    return f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else ""
