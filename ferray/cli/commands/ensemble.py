"""`ferray ensemble`: trials that answer better together than the best of them alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show
from ferray.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from ferray.apps.soup import Soup
    from ferray.artifacts.ensemble import Ensemble
    from ferray.config.runtime import Runtime
    from ferray.results.gain import Gain
    from ferray.study.records import SweepRecord

KINDS = ("uniform", "greedy")


def ensemble(
    name: arguments.Sweep,
    candidates: Annotated[int, typer.Option(min=2, help="How many of the best trials may be members.")] = 50,
    bags: Annotated[
        int, typer.Option(min=1, help="How often the validation images are drawn anew; 1: as they are.")
    ] = 20,
    rounds: Annotated[int, typer.Option(min=1, help="How often a trial is added, the same one again too.")] = 25,
    soup: Annotated[
        str | None,
        typer.Option(
            metavar="uniform|greedy",
            autocompletion=completion.words("uniform", "greedy"),
            help="Average the weights of one recipe's seeds into one network instead.",
        ),
    ] = None,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Measure the gain on the test split, once.")] = True,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Choose trials that answer best together on validation images, and measure the gain on test images, once."""
    given = dict(locals())
    if soup not in (None, *KINDS):
        raise ConfigError(f"`{soup}` is no kind of soup", did_you_mean(soup or "", KINDS))
    from ferray.apps.recorded import recorded_sweep

    asked = recorded_sweep(name, given, Lines())
    record, folder, runtime = asked.record, asked.folder, asked.runtime
    if soup is not None:
        _cook(record, folder, runtime, soup, test=test, json=json)
        return
    say(f"ensemble of `{record.name}`: importing torch")
    from ferray.apps.ensemble import build_ensemble
    from ferray.apps.ensemble_choice import SelectionOptions

    found = build_ensemble(record, folder, runtime, SelectionOptions(candidates, bags, rounds), say, test=test)
    if json:
        print_json(found.to_json())
        return
    for line in (*_lines(found.ensemble), *gain_lines(found.gains, "ensemble", found.ensemble.best_trial)):
        show(line)


def _cook(record: SweepRecord, folder: Path, runtime: Runtime, kind: str, *, test: bool, json: bool) -> None:
    say(f"soup of `{record.name}`: importing torch")
    from ferray.apps.soup import cook_soup

    found = cook_soup(record, folder, runtime, "greedy" if kind == "greedy" else "uniform", test=test, tell=say)
    say(f"written: {found.file}")
    if json:
        plain = {field: value for field, value in vars(found).items() if field != "gains"}
        print_json({"sweep": record.name, **plain, "test": [gain.to_json() for gain in found.gains]})
        return
    for line in (*_soup_lines(found), *gain_lines(found.gains, "soup", found.best_trial)):
        show(line)


def _soup_lines(found: Soup) -> list[str]:
    whose = f"trial{'s' if len(found.ingredients) > 1 else ''} {', '.join(map(str, found.ingredients))}"
    chosen = "; the greedy choice is made on these images" if found.kind == "greedy" else ""
    return [
        f"{found.kind} soup of recipe {found.recipe}: the weights of {whose}, of {len(found.trials)} seeds",
        f"{found.metric} {found.value:.3f} after {found.best_value:.3f} of trial {found.best_trial} "
        f"(n = {found.num_val}; the best was chosen on these images{chosen})",
    ]


def _lines(found: Ensemble) -> list[str]:
    from ferray.stats.estimates import METRIC_NAMES

    members = ", ".join(f"{member.trial} ({member.weight:.2f})" for member in found.members)
    score = found.chosen_by.removeprefix("val/")
    value = f"{METRIC_NAMES.get(score, score)} {found.value:.3f}"
    return [
        f"{len(found.members)} of {found.num_candidates} trials, with their weights: {members}",
        f"validation {value} after {found.best_value:.3f} of trial {found.best_trial} "
        f"(n = {found.num_val}; chosen on these images, so both flatter)",
    ]


def gain_lines(gains: tuple[Gain, ...], called: str, best: int) -> list[str]:
    """A line for each score, with both, their intervals and the difference."""
    from ferray.stats.estimates import METRIC_NAMES

    lines = []
    for gain in gains:
        ours, theirs = (f"{each.value:.3f} {_interval(each.interval)}" for each in (gain.ours, gain.theirs))
        gap = f"{gain.difference.value:+.3f} {_interval(gain.difference.interval, signed=True)}".rstrip()
        lines.append(
            f"test {METRIC_NAMES[gain.metric]}: {called} {ours}, trial {best} {theirs}, gain {gap}: {gain.verdict} "
            f"(n = {gain.n}, 95 %)"
        )
    return lines


def _interval(interval: Any, *, signed: bool = False) -> str:
    if interval is None:
        return ""
    sign = "+" if signed else ""
    return f"[{interval[0]:{sign}.3f}, {interval[1]:{sign}.3f}]"
