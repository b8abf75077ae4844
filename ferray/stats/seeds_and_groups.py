"""What scores are worth on other people or films: as `seeds_and_images`, of images that come in groups.

An image's influence on a score is what the score changes by, to first order, per image of its kind. Influences of a
group are summed, and their squares over groups give the variance, whatever images of one group have in common. No
resample is drawn: a bootstrap over groups agrees where it is defined, but one that misses all images of a class is not.
S = seeds, N = images, G = groups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ferray.stats.clusters import Clusters, DesignEffect, num_groups_of, shared_by_images
from ferray.stats.crossed import Components, difference_of, difference_of_models, estimate_of
from ferray.stats.differences import Difference
from ferray.stats.estimates import METRICS, NO_SCATTER, ONE_GROUP, Estimate, Metric, of_confusion
from ferray.stats.seeds_and_images import Labels, Scores, confusion_of, image_degrees, seed_scores

OVER_GROUPS = "Student's t over seeds and groups"
PAIRED_GROUPS = "paired t over groups"


def clusters_of(
    labels_N: Labels, predictions_N: Labels, groups: Sequence[str] | None, title: str = ""
) -> Clusters | None:
    """The groups of one model's images with the design effect of each score; None where no image shares one.

    A score that no image moves (all are right) shows nothing of how alike a group is: then a group tells as much as
    one image.
    """
    groups = shared_by_images(groups)
    if not groups:
        return None
    effects: dict[str, DesignEffect] = {}
    for metric in METRICS:
        draw = _Draw.of(labels_N, groups, metric)
        effects[metric] = draw.effect_on(influences(labels_N, predictions_N[None], metric)[0])
    return Clusters(title, num_groups_of(groups), effects)


def over_seeds_and_groups(labels_N: Labels, predictions_SN: Labels, metric: Metric, groups: Sequence[str]) -> Estimate:
    """`over_seeds_and_images`, with the variance over groups in the place of that over images, never less than it."""
    scores_S = seed_scores(labels_N, predictions_SN, metric)
    value, num_seeds = float(scores_S.mean()), len(scores_S)
    clusters = clusters_of(labels_N, predictions_SN[0], groups)
    one_model = of_confusion(metric, value, confusion_of(labels_N, predictions_SN[0]), clusters)
    if num_seeds < 2 or one_model.method == ONE_GROUP:
        return replace(one_model, num_seeds=num_seeds)
    found = _components(scores_S, influences(labels_N, predictions_SN, metric), _Draw.of(labels_N, groups, metric))
    return estimate_of(one_model, num_seeds, found, OVER_GROUPS)


def paired_over_groups(
    labels_N: Labels, first_SN: Labels, second_SN: Labels, metric: Metric, *, groups: Sequence[str]
) -> Difference:
    """`seeds_and_images.paired`, with the variance over groups in the place of that over images."""
    gaps_S = seed_scores(labels_N, first_SN, metric) - seed_scores(labels_N, second_SN, metric)
    value, num_pairs = float(gaps_S.mean()), len(gaps_S)
    if num_pairs < 2:
        return Difference(value, None, "no interval: one pair", num_pairs)
    if num_groups_of(groups) < 2:
        return Difference(value, None, ONE_GROUP, num_pairs)
    apart_SN = influences(labels_N, first_SN, metric) - influences(labels_N, second_SN, metric)
    found = _components(gaps_S, apart_SN, _Draw.of(labels_N, groups, metric))
    return difference_of(value, num_pairs, found, f"paired {OVER_GROUPS}")


def paired_models_over_groups(
    labels_N: Labels, first_N: Labels, second_N: Labels, metric: Metric, *, groups: Sequence[str]
) -> Difference:
    """`seeds_and_images.paired_models`, with the variance over groups in the place of that over images."""
    scores = [float(seed_scores(labels_N, said_N[None], metric)[0]) for said_N in (first_N, second_N)]
    value, num_images = scores[0] - scores[1], len(labels_N)
    if num_groups_of(groups) < 2:
        return Difference(value, None, ONE_GROUP, num_images)
    ours_N, theirs_N = (influences(labels_N, said_N[None], metric)[0] for said_N in (first_N, second_N))
    draw = _Draw.of(labels_N, groups, metric)
    error = math.sqrt(draw.variance(ours_N - theirs_N))
    return difference_of_models(value, num_images, error, draw.effect_on(ours_N - theirs_N).degrees, PAIRED_GROUPS)


def influences(labels_N: Labels, predictions_SN: Labels, metric: Metric) -> Scores:
    """By how much each image moves each seed's score (S, N); they sum to 0 over the images."""
    present_C, class_N, sizes_C = np.unique(labels_N, return_inverse=True, return_counts=True)
    m, n = len(present_C), len(labels_N)
    is_right_SN = (predictions_SN == labels_N).astype(np.float64)
    if metric == "accuracy":
        return np.asarray((is_right_SN - is_right_SN.mean(axis=1, keepdims=True)) / n)
    truth_NC = (class_N[:, None] == np.arange(m)).astype(np.float64)
    hits_SC = is_right_SN @ truth_NC
    if metric == "uar":
        recall_SC = hits_SC / sizes_C
        return np.asarray((is_right_SN - recall_SC[:, class_N]) / (m * sizes_C[class_N]))
    said_SNC = (predictions_SN[:, :, None] == present_C).astype(np.float64)
    both_SC = sizes_C + said_SNC.sum(axis=1)
    f1_SC = 2 * hits_SC / both_SC
    per_count_SNC = 2 * said_SNC * truth_NC - f1_SC[:, None, :] * (truth_NC + said_SNC)
    return np.asarray((per_count_SNC / both_SC[:, None, :]).sum(axis=2) / m)


@dataclass(frozen=True)
class _Draw:
    """How images were drawn, each (N,): `code` numbers their groups, `stratum` their classes where those are fixed.

    `weight` sums to 1, what each counts in the score; `share` is its part of its stratum, `held` that of its group.
    """

    code: NDArray[np.int64]
    stratum: NDArray[np.int64]
    weight: Scores
    share: Scores
    held: Scores
    most_degrees: float

    @classmethod
    def of(cls, labels_N: Labels, groups: Sequence[str], metric: Metric) -> _Draw:
        named = [group or f"\0{number}" for number, group in enumerate(groups)]
        code_N = np.unique(np.array(named), return_inverse=True)[1].astype(np.int64)
        drawn_N = np.zeros_like(labels_N) if metric == "accuracy" else labels_N
        _, stratum_N, sizes_C = np.unique(drawn_N, return_inverse=True, return_counts=True)
        share_N = 1 / sizes_C[stratum_N]
        part_N = code_N * len(sizes_C) + stratum_N
        held_N = np.bincount(part_N, weights=share_N)[part_N]
        degrees = image_degrees(labels_N, metric)
        return cls(code_N, stratum_N, share_N / len(sizes_C), share_N, held_N, degrees)

    def variance(self, moved_N: Scores) -> float:
        """Of a score, over draws of groups, and no less than over draws of independent images.

        A group pulls the score of a class to itself, so that its residuals are too small by the share that it has of
        the class: what is left divides their square (CR2 of a mean). A class of one group shows nothing of how groups
        differ: there the group counts as one image, the least that it can tell.
        Source: Bell and McCaffrey, "Bias reduction in standard errors for linear regression with multi-stage
        samples", Survey Methodology 28 (2002) 169-181.
        """
        return max(self._over_groups(moved_N), float(self._over_images(moved_N).sum()))

    def effect_on(self, moved_N: Scores) -> DesignEffect:
        """The design effect of these influences, with Satterthwaite's degrees of freedom.

        These are of groups that scatter as images equally alike within each would, at the likeness that gives this
        effect: few large groups among many small ones leave few.
        """
        total_G, squares_G = self._summed(self.weight), self._summed(self.weight**2)
        worst = max(1.0, float((total_G**2).sum() / squares_G.sum()))
        over_images = float(self._over_images(moved_N).sum())
        effect = max(1.0, self._over_groups(moved_N) / over_images) if over_images > NO_SCATTER**2 else worst
        alike = min(1.0, (effect - 1) / (worst - 1)) if worst > 1 else 0.0
        return DesignEffect(effect, self._degrees((1 - alike) * squares_G + alike * total_G**2))

    def _degrees(self, variance_G: Scores) -> float:
        """Satterthwaite's of the sum of these variances, each of a group around the means of its classes.

        The mean of a class that K groups show, as Kish counts unequal ones, takes one part in K of their degrees. A
        group that is alone in all its classes has no variance that is estimated, and so costs none.
        """
        shows_GC = np.zeros((len(variance_G), self.stratum.max() + 1))
        np.add.at(shows_GC, (self.code, self.stratum), self.weight)
        by_group_GC = variance_G[:, None] * (shows_GC > 0)
        cost_C = (by_group_GC**2).sum(axis=0) / by_group_GC.sum(axis=0) ** 2
        left_G = 1 - (shows_GC @ cost_C) / shows_GC.sum(axis=1)
        is_seen_G = left_G > NO_SCATTER
        scatter = float((variance_G[is_seen_G] ** 2 / left_G[is_seen_G]).sum())
        degrees = float(variance_G.sum()) ** 2 / scatter if scatter else self.most_degrees
        return max(1.0, min(degrees, self.most_degrees))

    def _summed(self, values_N: Scores) -> Scores:
        return np.asarray(np.bincount(self.code, weights=values_N), dtype=np.float64)

    def _over_groups(self, moved_N: Scores) -> float:
        left_N = 1 - self.held
        is_alone_N = left_N < NO_SCATTER
        summed_G = self._summed(np.where(is_alone_N, 0.0, moved_N / np.sqrt(np.where(is_alone_N, 1.0, left_N))))
        alone = (self._over_images(moved_N) / self.share)[is_alone_N].sum()
        return float((summed_G**2).sum() + alone)

    def _over_images(self, moved_N: Scores) -> Scores:
        """The part (N,) of each image in the variance."""
        return np.asarray(moved_N**2 / np.maximum(0.5, 1 - self.share))


def _components(scores_S: Scores, moved_SN: Scores, draw: _Draw) -> Components:
    num_seeds, mean_N = len(scores_S), moved_SN.mean(axis=0)
    apart = [draw.variance(moved_N - mean_N) for moved_N in moved_SN]
    return Components(
        of_seeds=float(scores_S.var(ddof=1)) / num_seeds,
        of_images=draw.variance(mean_N),
        of_both=math.fsum(apart) / num_seeds / (num_seeds - 1),
        seed_degrees=num_seeds - 1,
        image_degrees=draw.effect_on(mean_N).degrees,
    )
