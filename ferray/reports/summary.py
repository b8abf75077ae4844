"""What a sweep found, in sentences that each say what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ferray.config.readable import params_line
from ferray.reports.cost import Cost, duration
from ferray.reports.seeds import OverSeeds
from ferray.results.blinding import Standing, readings_sentence
from ferray.results.leaderboard import Leaderboard
from ferray.results.selection import SelectionEffects
from ferray.results.trial_intervals import value_interval
from ferray.stats.intervals import Interval
from ferray.stats.ranking import sign
from ferray.study.records import Reading, TrialRecord
from ferray.text.counting import counted

DIGITS = 3
WITHOUT_END = ("running", "waiting", "interrupted")


def sentences(
    board: Leaderboard,
    effects: SelectionEffects,
    means: Sequence[OverSeeds],
    *,
    standing: Standing,
    cost: Cost,
    readings: Sequence[Reading],
) -> list[str]:
    """The summary, most important first. `readings` are those of the test split, by whatever command."""
    return [
        _leader(board),
        *_settings(board),
        *_luck(effects),
        *_mean(means, board.metric),
        *_pruned_above(board),
        _ends(board, standing),
        _spent(cost),
        *_split(board, readings),
    ]


def number(value: float | None) -> str:
    """A score as the page prints it."""
    return "-" if value is None else f"{value:.{DIGITS}f}"


def reach(interval: Interval | None) -> str:
    """`0.389 to 0.479`."""
    return "" if interval is None else f"{number(interval[0])} to {number(interval[1])}"


def span(ranks: tuple[int, int]) -> str:
    """`1–12`, or the one rank that it is."""
    return str(ranks[0]) if ranks[0] == ranks[1] else f"{ranks[0]}–{ranks[1]}"


def why_no_interval(trial: TrialRecord, metric: str) -> str:
    """Why the objective of a trial has no interval; "" where it has one, or no value."""
    if trial.value is None or value_interval(trial, metric) is not None:
        return ""
    if len(trial.folds) == 1:
        return "one fold gives none"
    return f"none is known for {metric}" if trial.num_val else "its confusion matrix is not in the record"


def _leader(board: Leaderboard) -> str:
    best = board.best
    if best is None:
        return f"No trial is complete, so nothing is ranked by {board.metric}."
    return f"Trial {best.number} leads by {board.metric} ({_better(board)}): {measured(best, board.metric)}."


def measured(trial: TrialRecord, metric: str) -> str:
    """`0.434, 95 % interval 0.389 to 0.479, n = 431 validation images`, or why there is no interval."""
    interval = value_interval(trial, metric)
    width = f"95 % interval {reach(interval)}" if interval else f"no interval: {why_no_interval(trial, metric)}"
    folds = f" over {len(trial.folds)} folds" if trial.folds else ""
    return f"{number(trial.value)}{folds}, {width}, n = {counted(trial.num_val, 'validation image')}"


def _better(board: Leaderboard) -> str:
    return "more is better" if sign(board.mode) > 0 else "less is better"


def _settings(board: Leaderboard) -> Iterator[str]:
    if board.best is not None and board.best.params:
        yield f"Its settings: {params_line(board.best.told)}."


def _luck(effects: SelectionEffects) -> Iterator[str]:
    """Who cannot be told from the leader, and what its checkpoint is likely to score."""
    if effects.error is None or len(effects.complete) < 2:
        return
    others = f"{counted(len(effects.level), 'other trial')} cannot be told from it" if effects.level else ""
    told = f"It is inside the noise: {others}" if others else "It is ahead of all others by more than the noise"
    yield f"{told} on these images. Expect about {number(effects.expected)} of its checkpoint on new ones."


def _mean(means: Sequence[OverSeeds], metric: str) -> Iterator[str]:
    """Which arm or recipe leads by its mean over seeds, where several have one."""
    if len(means) < 2:
        return
    first = means[0]
    found = first.estimate
    width = f"95 % interval {reach(found.interval)}" if found.interval else first.method
    over = f"{counted(found.num_seeds, 'seed')}, n = {found.n}"
    yield f"By the mean over seeds `{first.name}` leads: {metric} {number(found.value)}, {width}, {over}."


def _pruned_above(board: Leaderboard) -> Iterator[str]:
    above = board.pruned_above_best
    if above:
        first = above[0]
        yield (
            f"{counted(len(above), 'pruned trial')} had scored better than the leader before "
            f"{'it was' if len(above) == 1 else 'they were'} stopped: trial {first.number} had {number(first.value)}."
        )


def _ends(board: Leaderboard, standing: Standing) -> str:
    if not board.trials:
        return "No trial has begun."
    counts = {ending: f"{count} {ending}" for ending, count in board.endings.items()}
    without_end = ", ".join(counts.pop(ending) for ending in WITHOUT_END if ending in counts)
    asked = f"Of {counted(standing.num_asked, 'trial')} asked for, {standing.num_ended} have ended"
    ended = f"{asked}: {', '.join(counts.values())}" if counts else asked
    beside = f"; beside these {without_end}" if without_end else ""
    reasons = ", ".join(f"{reason} {count}" for reason, count in board.reasons.items())
    return f"{ended}{beside}." + (f" Failures and losses by reason: {reasons}." if reasons else "")


def _spent(cost: Cost) -> str:
    spent = f"The trials took {duration(cost.seconds)} in all, for {counted(cost.epochs, 'epoch')}."
    if not cost.num_pruned:
        return spent
    return (
        f"{spent} Pruning is estimated to have saved {duration(cost.saved_s)}, "
        f"{cost.saved_fraction:.0%} of what all of it would have taken."
    )


def _split(board: Leaderboard, readings: Sequence[Reading]) -> Iterator[str]:
    if board.best is None:
        return
    chosen = f"The validation split chose among {counted(len(board.complete), 'complete trial')}"
    beyond = " beyond its interval" if value_interval(board.best, board.metric) else ""
    yield f"{chosen}, so the best value is optimistic{beyond}: see what it is worth, below."
    yield readings_sentence(readings)
