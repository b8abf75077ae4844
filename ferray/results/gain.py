"""How much better models that answer together are than a single one on the same images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ferray.results.answers import Answers
from ferray.stats.clusters import shared_by_images
from ferray.stats.differences import Difference
from ferray.stats.estimates import METRICS, Estimate, Metric, of_confusion
from ferray.stats.metrics import confusion_matrix, metrics_of
from ferray.stats.seeds_and_groups import clusters_of, paired_models_over_groups
from ferray.stats.seeds_and_images import paired_models


@dataclass(frozen=True)
class Gain:
    """One score of both on `n` images, and ours minus theirs."""

    metric: Metric
    n: int
    ours: Estimate
    theirs: Estimate
    difference: Difference

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or that the images do not tell; what no draw of them changes has no interval."""
        if self.difference.interval is None:
            if self.difference.p == 1:
                return "the same in every draw of these images"
            return "no draw of these images gives it an interval"
        if not self.difference.is_beyond_noise:
            return "no difference beyond the noise"
        return "better" if self.difference.value > 0 else "worse"

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {
            "metric": self.metric,
            "n": self.n,
            "ours": self.ours.to_json(),
            "best": self.theirs.to_json(),
            "difference": self.difference.to_json(),
            "verdict": self.verdict,
        }


def gains_of(
    ours: Answers, theirs: Answers, num_classes: int, generators: Callable[[str], np.random.Generator]
) -> list[Gain]:
    """The gain in each score, given what both say to the same images; ValueError where the images are others.

    `generators` gives one for each score.
    """
    first, second = ours.sorted(), theirs.sorted()
    if not np.array_equal(first.sample_ids, second.sample_ids) or not np.array_equal(first.labels, second.labels):
        raise ValueError("answers to other images")
    return [_gain(first, second, metric, num_classes, generators(metric)) for metric in METRICS]


def _gain(ours: Answers, theirs: Answers, metric: Metric, num_classes: int, generator: np.random.Generator) -> Gain:
    # Answers from before groups were recorded name none, but the images are the same.
    groups = shared_by_images(ours.groups or theirs.groups)
    first, second = (_estimate(each, metric, num_classes, groups) for each in (ours, theirs))
    said = (ours.labels, ours.predictions, theirs.predictions, metric)
    found = paired_models_over_groups(*said, groups=groups) if groups else paired_models(*said, generator=generator)
    return Gain(metric, len(ours.labels), first, second, found)


def _estimate(answers: Answers, metric: Metric, num_classes: int, groups: Sequence[str] | None) -> Estimate:
    confusion = confusion_matrix(torch.from_numpy(answers.labels), torch.from_numpy(answers.predictions), num_classes)
    names = tuple(map(str, range(num_classes)))
    value = metrics_of(confusion, names, "test")[f"test/{metric}"]
    clusters = clusters_of(answers.labels, answers.predictions, groups)
    return of_confusion(metric, value, confusion.tolist(), clusters)
