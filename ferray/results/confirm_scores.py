"""From each training's answers to a confirmation: finalists over their seeds, and every pair of them.

S = seeds, N = images.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ferray.errors import DataError
from ferray.results.answers import Answers
from ferray.results.finalist_choice import Arm
from ferray.results.finalists import Finalist, Pair
from ferray.stats.differences import holm
from ferray.stats.estimates import Metric
from ferray.stats.seeds_and_images import over_seeds_and_images, paired, seed_scores

Rows = NDArray[np.int64]
METHOD = (
    "95 % intervals and p-values over seeds and images (bootstrap of the images, scatter of the seeds, Student's t); "
    "p after Holm's correction for all pairs"
)


@dataclass(frozen=True)
class Judged:
    """An arm's answers to the same images by seed, each seed's over all folds together, in the order of the ids."""

    arm: Arm
    by_seed: Mapping[int, Answers]
    num_lost: int = 0

    def predictions(self, seeds: Sequence[int]) -> Rows:
        """The answers (S, N) of these seeds."""
        return np.stack([self.by_seed[seed].predictions for seed in seeds])


def joined(parts: Sequence[Answers]) -> Answers:
    """The answers of several folds as one, in the order of the ids; DataError where two of them hold one image."""
    names = ("sample_ids", "labels", "predictions")
    ids, labels, predictions = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    if len(np.unique(ids)) != len(ids):
        raise DataError("an image was held out twice", "confirm on data that does not change meanwhile")
    return Answers(parts[0].checkpoint, ids, labels, predictions).sorted()


def confirm_scores(
    judged: Sequence[Judged], metric: Metric, generator: np.random.Generator
) -> tuple[tuple[Finalist, ...], tuple[Pair, ...]]:
    """A row for each arm with a training that completed, in their order, and every pair of these.

    DataError where not all trainings were asked about the same images.
    """
    present = [each for each in judged if each.by_seed]
    labels_N = _same_images(present)
    rows = tuple(_row(each, labels_N, metric, generator) for each in present)
    found = [_pair(one, other, labels_N, metric, generator) for one, other in itertools.combinations(present, 2)]
    return rows, tuple(_corrected(found))


def _same_images(judged: Sequence[Judged]) -> Rows:
    """The labels (N,) of the images that all were asked about."""
    asked = [(each.arm.name, answers) for each in judged for answers in each.by_seed.values()]
    if not asked:
        raise DataError("no training of any finalist completed", "see why they failed, and confirm again")
    (first_name, first), *others = asked
    for name, answers in others:
        same_ids = np.array_equal(first.sample_ids, answers.sample_ids)
        if not same_ids or not np.array_equal(first.labels, answers.labels):
            message = f"`{name}` was judged on other images than `{first_name}`: they do not compare"
            raise DataError(message, "confirm recipes of one split, on data that does not change meanwhile")
    return first.labels


def _row(judged: Judged, labels_N: Rows, metric: Metric, generator: np.random.Generator) -> Finalist:
    seeds, arm = sorted(judged.by_seed), judged.arm
    predictions_SN = judged.predictions(seeds)
    values = seed_scores(labels_N, predictions_SN, metric)
    estimate = over_seeds_and_images(labels_N, predictions_SN, metric, generator=generator)
    return Finalist(
        name=arm.name,
        trial=arm.trial,
        recipe=arm.recipe,
        seeds=tuple(seeds),
        values=tuple(values.tolist()),
        n=len(labels_N),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if len(seeds) > 1 else None,
        interval=estimate.interval,
        validation=arm.validation,
        num_lost=judged.num_lost,
    )


def _pair(one: Judged, other: Judged, labels_N: Rows, metric: Metric, generator: np.random.Generator) -> Pair:
    seeds = sorted(one.by_seed.keys() & other.by_seed.keys())
    if not seeds:
        means = [seed_scores(labels_N, each.predictions(list(each.by_seed)), metric).mean() for each in (one, other)]
        return Pair(one.arm.name, other.arm.name, 0, float(means[0] - means[1]), None, None, None)
    found = paired(labels_N, one.predictions(seeds), other.predictions(seeds), metric, generator=generator)
    errors = (found.seed_error, found.draw_error)
    return Pair(one.arm.name, other.arm.name, len(seeds), found.value, found.interval, found.p, None, *errors)


def _corrected(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """The pairs with Holm's p; those without a p are no tests and count for nothing."""
    tested = [pair.p for pair in pairs if pair.p is not None]
    corrected = iter(holm(tested))
    for pair in pairs:
        yield replace(pair, holm_p=None if pair.p is None else next(corrected))
