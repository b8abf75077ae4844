"""What a sweep's store says of trials that were killed: asked, ended, lost, doubled, taken up again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ferray.results.progress import UNENDED
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord, TrialRecord

ENDED = ("completed", "pruned", "diverged", "failed")
TIMES = ("seconds", "images_per_s")


def tally(folder: Path) -> dict[str, Any]:
    """The counts of the sweep in `folder`."""
    trials = load_sweep(folder).trials
    chains = chains_of(trials)
    ends = [sum(trial.outcome in ENDED for trial in chain) for chain in chains]
    recipes = Counter(trial.recipe for trial in trials if trial.outcome in ENDED)
    retries = [(chain[:place], trial) for chain in chains for place, trial in enumerate(chain) if place]
    return {
        "asked": len(trials),
        "finished": sum(ends),
        "outcomes": dict(Counter(trial.outcome for trial in trials)),
        "lost": ends.count(0),
        "doubled": sum(end > 1 for end in ends) + sum(count > 1 for count in recipes.values()),
        "left_running": sum(map(_is_left_running, trials)),
        "retries": len(retries),
        "resumed": sum(is_resumed(folder, earlier, retry) for earlier, retry in retries),
    }


def _is_left_running(trial: TrialRecord) -> bool:
    """Whether nobody ends it. One cut off before it had a configuration was given to nobody, and is forgotten."""
    return trial.outcome in UNENDED and trial.superseded_by is None and bool(trial.recipe)


def chains_of(trials: tuple[TrialRecord, ...]) -> list[list[TrialRecord]]:
    """The trials of each parameter set, in the order in which they took over from each other; unasked ones left out."""
    by_number = {trial.number: trial for trial in trials}
    later = {trial.superseded_by for trial in trials}
    chains = []
    for trial in trials:
        if trial.number in later or not trial.recipe:
            continue
        chain = [trial]
        while (successor := chain[-1].superseded_by) in by_number:
            chain.append(by_number[successor])
        chains.append(chain)
    return chains


def is_resumed(folder: Path, earlier: list[TrialRecord], retry: TrialRecord) -> bool:
    """Whether a retry's first epoch is one that an earlier attempt trained: the same line, its duration included."""
    first = _first_epoch(folder, retry)
    return bool(first) and first in {_first_epoch(folder, trial) for trial in earlier}


def _first_epoch(folder: Path, trial: TrialRecord) -> str:
    history = folder / trial.folder / "history.jsonl"
    return history.read_text().partition("\n")[0] if trial.folder and history.exists() else ""


def compare(one: SweepRecord, other: SweepRecord) -> dict[str, Any]:
    """Trials that ended in both sweeps, by parameters: how many are the same bit for bit, and the best of each side."""
    first, second = _by_recipe(one), _by_recipe(other)
    both = first.keys() & second.keys()
    differ = [recipe for recipe in sorted(both) if _result(first[recipe]) != _result(second[recipe])]
    best = [max((trial.value or 0.0 for trial in side.values()), default=None) for side in (first, second)]
    alone = [len(side) - len(both) for side in (first, second)]
    return {"in_both": len(both), "identical": len(both) - len(differ), "differ": differ, "alone": alone, "best": best}


def _by_recipe(sweep: SweepRecord) -> dict[str, TrialRecord]:
    return {trial.recipe: trial for trial in sweep.trials if trial.outcome in ENDED}


def _result(trial: TrialRecord) -> tuple[object, ...]:
    metrics = {name: value for name, value in trial.metrics.items() if name not in TIMES}
    return (trial.outcome, trial.value, trial.epochs, trial.best_epoch, trial.confusion, metrics)
