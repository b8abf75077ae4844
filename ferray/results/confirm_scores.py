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
from ferray.stats.clusters import FEW, shared_by_images
from ferray.stats.differences import holm
from ferray.stats.estimates import Estimate, Metric
from ferray.stats.seeds_and_groups import over_seeds_and_groups, paired_over_groups
from ferray.stats.seeds_and_images import over_seeds_and_images, paired, seed_scores
from ferray.text.counting import counted

Rows = NDArray[np.int64]
METHOD = (
    "95 % intervals and p-values over seeds and images (bootstrap of the images, taken as independent, scatter of the "
    "seeds, Student's t); p after Holm's correction for all pairs"
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
    groups = tuple(group for part in parts for group in part.groups or ("",) * len(part.sample_ids))
    return Answers(parts[0].checkpoint, ids, labels, predictions, groups if any(groups) else None).sorted()


def confirm_scores(
    judged: Sequence[Judged], metric: Metric, generator: np.random.Generator
) -> tuple[tuple[Finalist, ...], tuple[Pair, ...]]:
    """A row for each arm with a training that completed, in their order, and every pair of these.

    DataError where not all trainings were asked about the same images.
    """
    present = [each for each in judged if each.by_seed]
    images = _same_images(present)
    rows = tuple(_row(each, images, metric, generator) for each in present)
    found = [_pair(one, other, images, metric, generator) for one, other in itertools.combinations(present, 2)]
    return rows, tuple(_corrected(found))


def method_of(rows: Sequence[Finalist]) -> str:
    """How the intervals and p-values of such rows come about, in words."""
    number = next((row.num_groups for row in rows if row.num_groups is not None), None)
    if number is None:
        return METHOD
    few = ", too few to know intervals well" if number < FEW else ""
    return (
        f"95 % intervals and p-values over seeds and {counted(number, 'group')} of images (people or films{few}: their "
        "variance, scatter of the seeds, Student's t); p after Holm's correction for all pairs"
    )


@dataclass(frozen=True)
class _Images:
    """The `labels` (N,) of the images, and the people or films that several of them show, None where none are known."""

    labels: Rows
    groups: Sequence[str] | None


def _same_images(judged: Sequence[Judged]) -> _Images:
    """The images that all were asked about; groups that any names are those of all."""
    asked = [(each.arm.name, answers) for each in judged for answers in each.by_seed.values()]
    if not asked:
        raise DataError("no training of any finalist completed", "see why they failed, and confirm again")
    (first_name, first), *others = asked
    for name, answers in others:
        same_ids = np.array_equal(first.sample_ids, answers.sample_ids)
        if not same_ids or not np.array_equal(first.labels, answers.labels):
            message = f"`{name}` was judged on other images than `{first_name}`: they do not compare"
            raise DataError(message, "confirm recipes of one split, on data that does not change meanwhile")
    known = (answers.groups for _, answers in asked if answers.groups)
    return _Images(first.labels, shared_by_images(next(known, None)))


def _row(judged: Judged, images: _Images, metric: Metric, generator: np.random.Generator) -> Finalist:
    seeds, arm = sorted(judged.by_seed), judged.arm
    predictions_SN = judged.predictions(seeds)
    values = seed_scores(images.labels, predictions_SN, metric)
    estimate = _estimate(predictions_SN, images, metric, generator)
    return Finalist(
        name=arm.name,
        trial=arm.trial,
        recipe=arm.recipe,
        seeds=tuple(seeds),
        values=tuple(values.tolist()),
        n=len(images.labels),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if len(seeds) > 1 else None,
        interval=estimate.interval,
        validation=arm.validation,
        num_lost=judged.num_lost,
        num_groups=estimate.num_groups,
    )


def _estimate(predictions_SN: Rows, images: _Images, metric: Metric, generator: np.random.Generator) -> Estimate:
    if images.groups:
        return over_seeds_and_groups(images.labels, predictions_SN, metric, images.groups)
    return over_seeds_and_images(images.labels, predictions_SN, metric, generator=generator)


def _pair(one: Judged, other: Judged, images: _Images, metric: Metric, generator: np.random.Generator) -> Pair:
    seeds, labels_N, groups = sorted(one.by_seed.keys() & other.by_seed.keys()), images.labels, images.groups
    if not seeds:
        means = [seed_scores(labels_N, each.predictions(list(each.by_seed)), metric).mean() for each in (one, other)]
        return Pair(one.arm.name, other.arm.name, 0, float(means[0] - means[1]), None, None, None)
    said = (labels_N, one.predictions(seeds), other.predictions(seeds), metric)
    found = paired_over_groups(*said, groups=groups) if groups else paired(*said, generator=generator)
    errors = (found.seed_error, found.draw_error)
    return Pair(one.arm.name, other.arm.name, len(seeds), found.value, found.interval, found.p, None, *errors)


def _corrected(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """The pairs with Holm's p; those without a p are no tests and count for nothing."""
    tested = [pair.p for pair in pairs if pair.p is not None]
    corrected = iter(holm(tested))
    for pair in pairs:
        yield replace(pair, holm_p=None if pair.p is None else next(corrected))
