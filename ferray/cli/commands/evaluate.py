"""`ferray evaluate`: the test split, once a trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show
from ferray.errors import ConfigError

if TYPE_CHECKING:
    from ferray.results.blinding import Standing
    from ferray.results.held_out import HeldOut


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
    given = dict(locals())
    if trial and every:
        raise ConfigError("`--trial` and `--all` are two choices", "leave one out")
    from ferray.apps.options import place_of, runtime_from

    place, asked = place_of(name, given, Lines())
    runtime = runtime_from({**asked, "launcher": "inline"})
    from ferray.results.blinding import standing_of
    from ferray.results.chosen import choose_trials
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder, storage)
    chosen = choose_trials(record, place.folder, trial or (), every=every)
    standing = standing_of(record, place.folder)
    say(f"evaluating `{record.name}`: importing torch")
    from ferray.apps.evaluate import evaluate_trials

    results = evaluate_trials(record, chosen, place.folder, runtime, say)
    if json:
        print_json({"sweep": record.name, "trials": [_entry(result) for result in results]})
        return
    for result in results:
        show(_line(result, standing))


def _entry(result: HeldOut) -> dict[str, Any]:
    return {**result.to_json(), "intervals": _intervals(result)}


def _line(result: HeldOut, standing: Standing) -> str:
    from ferray.results.blinding import when_read
    from ferray.stats.estimates import METRIC_NAMES

    figures = [
        f"{METRIC_NAMES[metric]} {result.metrics[f'test/{metric}']:.3f} [{low:.3f}, {high:.3f}]"
        for metric, (low, high) in _intervals(result).items()
    ]
    when = when_read(result, standing)
    return f"trial {result.trial}: test {', '.join(figures)} (n = {result.n}, 95 %)" + (f", {when}" if when else "")


def _intervals(result: HeldOut) -> dict[str, Any]:
    from ferray.stats.estimates import METRICS, of_confusion

    estimates = {metric: of_confusion(metric, result.metrics[f"test/{metric}"], result.confusion) for metric in METRICS}
    return {metric: list(estimate.interval or ()) for metric, estimate in estimates.items()}
