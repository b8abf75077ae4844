"""How much the trainings of one recipe scatter over their seeds: in a confirmation, or among a sweep's own trials."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ferray.errors import DataError
from ferray.results.confirmation import Confirmation
from ferray.results.finalists import Pair
from ferray.stats.estimates import METRICS
from ferray.stats.power import Spread
from ferray.study.records import SweepRecord
from ferray.text.counting import counted


@dataclass(frozen=True)
class SeedSpread:
    """The standard deviation `sd` over seeds, pooled over recipes trained with two or more, on the same `n` images.

    `source` says in words where it was measured, and what. `of_pairs` is what hides the difference of two of the
    recipes, pooled over their pairs, where that was measured too.
    """

    sd: float
    n: int
    source: str
    of_pairs: Spread | None = None


def confirmed_spread(confirmation: Confirmation) -> SeedSpread | None:
    """Of the finalists of a confirmation; None where none has two seeds."""
    rows = [row.values for row in confirmation.rows if len(row.values) > 1]
    if not rows:
        return None
    where = "the test split" if confirmation.split == "test" else "nested folds"
    n = confirmation.rows[0].n
    return SeedSpread(_pooled(rows), n, f"{_counts(rows)} confirmed on {where}", _spread_of(confirmation.pairs, n))


def _spread_of(pairs: Sequence[Pair], num_images: int) -> Spread | None:
    """The root mean squares over pairs of recipes that differ at all."""
    known = [(pair.seed_error, pair.draw_error, pair.seeds) for pair in pairs]
    found = [(seed**2 * count, draw**2) for seed, draw, count in known if seed is not None and draw is not None]
    if not found:
        return None
    of_seeds, of_images = (math.fsum(each) / len(found) for each in zip(*found, strict=True))
    return Spread(math.sqrt(of_seeds), math.sqrt(of_images), num_images)


def searched_spread(record: SweepRecord) -> SeedSpread | None:
    """Of the recipes that complete trials of a sweep had in common; None where each was trained once.

    DataError where trials are ranked by something else than a score that `confirm` compares, such as a loss.
    """
    if record.metric not in {f"val/{metric}" for metric in METRICS}:
        message = f"`{record.name}` is ranked by `{record.metric}`, whose scatter is not that of a score"
        raise DataError(message, f"`{record.command('confirm')}` compares scores, or pass `--sd` in place of the name")
    values: dict[str, list[float]] = defaultdict(list)
    images = [trial.num_val for trial in record.trials if trial.state == "complete"]
    for trial in record.trials:
        if trial.state == "complete" and trial.value is not None:
            values[trial.recipe].append(trial.value)
    repeated = [each for each in values.values() if len(each) > 1]
    if not repeated:
        return None
    return SeedSpread(_pooled(repeated), images[0], f"{_counts(repeated)} on the validation split")


def _pooled(groups: Iterable[Sequence[float]]) -> float:
    """The root of the variance within groups, each by its degrees of freedom."""
    squares = degrees = 0.0
    for values in groups:
        mean = math.fsum(values) / len(values)
        squares += math.fsum((value - mean) ** 2 for value in values)
        degrees += len(values) - 1
    return math.sqrt(squares / degrees)


def _counts(groups: Sequence[Sequence[float]]) -> str:
    return f"{counted(sum(map(len, groups)), 'training')} of {counted(len(groups), 'recipe')}"
