"""What retrainings of a recipe score on new images, from several seeds judged on the same ones.

The estimand is the expected score of one more training of the recipe, with another seed, on other images of the same
kind. S = seeds, N = images, B = resamples, C = classes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ferray.stats.crossed import Components, difference_of, difference_of_models, estimate_of
from ferray.stats.differences import Difference
from ferray.stats.estimates import Estimate, Metric, of_confusion
from ferray.stats.intervals import Confusion

BOOTSTRAP = "bootstrap over seeds and images"
PAIRED_IMAGES = "paired bootstrap over images"
NUM_RESAMPLES = 4000
_AT_ONCE = 500  # resamples, to bound the memory

Labels = NDArray[np.integer]
Scores = NDArray[np.float64]


def seed_scores(labels_N: Labels, predictions_SN: Labels, metric: Metric) -> Scores:
    """The score of each seed (S,); classes without an image are left out of the means over classes."""
    every_image = np.ones((1, len(labels_N)), dtype=np.float32)
    (scores_S,) = _counter(labels_N, predictions_SN, metric)(every_image)
    return np.asarray(scores_S)


def over_seeds_and_images(
    labels_N: Labels,
    predictions_SN: Labels,
    metric: Metric,
    *,
    generator: np.random.Generator,
    num_resamples: int = NUM_RESAMPLES,
) -> Estimate:
    """The mean over seeds with a 95 % interval that covers both their scatter and the draw of the images.

    Images are resampled with replacement, one less than there are (within each class for UAR and macro-F1, from all of
    them for accuracy), each resample judging all seeds; what that scatters, with the variance over seeds, gives the
    variance components of the crossed design (`Components`). The interval is Student's on the scale of the logit, with
    Satterthwaite's degrees of freedom: plain percentiles of a bootstrap over both cover the truth in 85 % of studies
    only where five seeds scatter more than images do. One seed, or seeds and images that do not scatter at all, have
    the interval of one model on N images.
    Sources: Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007) 386-411, for crossed resampling and
    its bias; Rao and Wu, JASA 83 (1988) 231-241, for one less than there are; Satterthwaite, Biometrics Bulletin 2
    (1946) 110-114.
    """
    scores_S = seed_scores(labels_N, predictions_SN, metric)
    value, num_seeds = float(scores_S.mean()), len(scores_S)
    one_model = of_confusion(metric, value, confusion_of(labels_N, predictions_SN[0]))
    if num_seeds < 2:
        return one_model
    resampled_BS = _resampled(labels_N, [predictions_SN], metric, generator, num_resamples)[0]
    found = _components(scores_S, resampled_BS, image_degrees(labels_N, metric))
    return estimate_of(one_model, num_seeds, found, BOOTSTRAP)


def paired(
    labels_N: Labels,
    first_SN: Labels,
    second_SN: Labels,
    metric: Metric,
    *,
    generator: np.random.Generator,
    num_resamples: int = NUM_RESAMPLES,
) -> Difference:
    """First minus second, two recipes trained with the same seeds and judged on the same images, with interval and p.

    Everything is as in `over_seeds_and_images`, of the differences: each resample of the images judges both recipes,
    and seeds are pairs. `p` is two-sided, Student's, that retrainings of both score alike on new images; 1 where all
    that was predicted is the same. One pair has neither interval nor p.
    """
    gaps_S = seed_scores(labels_N, first_SN, metric) - seed_scores(labels_N, second_SN, metric)
    value, num_pairs = float(gaps_S.mean()), len(gaps_S)
    if num_pairs < 2:
        return Difference(value, None, "no interval: one pair", num_pairs)
    first_BS, second_BS = _resampled(labels_N, [first_SN, second_SN], metric, generator, num_resamples)
    found = _components(gaps_S, first_BS - second_BS, image_degrees(labels_N, metric))
    return difference_of(value, num_pairs, found, f"paired {BOOTSTRAP}")


def paired_models(
    labels_N: Labels,
    first_N: Labels,
    second_N: Labels,
    metric: Metric,
    *,
    generator: np.random.Generator,
    num_resamples: int = NUM_RESAMPLES,
) -> Difference:
    """First minus second, of two models as they are, judged on the same images, with interval and p.

    Speaks of these very models on other images of the same kind, and not of trainings of their recipes, whose scatter
    one model of each does not show. Images are resampled as in `over_seeds_and_images`, each resample judging both.
    Models that say the same of every image have no interval, nor have those whose UAR differs by whole classes.
    """
    scores = [seed_scores(labels_N, said_N[None], metric) for said_N in (first_N, second_N)]
    value, num_images = float(scores[0][0] - scores[1][0]), len(labels_N)
    first_B1, second_B1 = _resampled(labels_N, [first_N[None], second_N[None]], metric, generator, num_resamples)
    error = float((first_B1 - second_B1).std(ddof=1))
    return difference_of_models(value, num_images, error, image_degrees(labels_N, metric), PAIRED_IMAGES)


def _components(scores_S: Scores, resampled_BS: Scores, degrees: float) -> Components:
    num_seeds = len(scores_S)
    mean_B = resampled_BS.mean(axis=1)
    apart_BS = resampled_BS - mean_B[:, None]
    return Components(
        of_seeds=float(scores_S.var(ddof=1)) / num_seeds,
        of_images=float(mean_B.var(ddof=1)),
        of_both=float(apart_BS.var(axis=0, ddof=1).mean()) / (num_seeds - 1),
        seed_degrees=num_seeds - 1,
        image_degrees=degrees,
    )


def image_degrees(labels_N: Labels, metric: Metric) -> float:
    """Degrees of freedom of the images' variance; for UAR a class counts by the variance it adds at equal recalls."""
    if metric == "accuracy":
        return max(1.0, len(labels_N) - 1.0)
    sizes = np.bincount(labels_N)
    sizes = sizes[sizes > 1].astype(np.float64)
    if metric == "macro_f1" or not len(sizes):
        return max(1.0, float((sizes - 1).sum()))
    return float((1 / sizes).sum() ** 2 / (1 / sizes**2 / (sizes - 1)).sum())


def _resampled(
    labels_N: Labels,
    predictions: list[Labels],
    metric: Metric,
    generator: np.random.Generator,
    num_resamples: int,
) -> list[Scores]:
    """The score of every seed in every resample of the images, (B, S) for each of `predictions`, of the same images."""
    strata = np.zeros_like(labels_N) if metric == "accuracy" else labels_N
    counters = [_counter(labels_N, each_SN, metric) for each_SN in predictions]
    blocks: list[list[Scores]] = []
    for start in range(0, num_resamples, _AT_ONCE):
        weights_BN = _weights(strata, min(_AT_ONCE, num_resamples - start), generator)
        blocks.append([count(weights_BN) for count in counters])
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def _weights(strata_N: Labels, num_resamples: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """How often each image is in each resample (B, N): of every stratum one less than there are, of one image that."""
    weights_BN = np.empty((num_resamples, len(strata_N)), dtype=np.float32)
    rows_B = np.arange(num_resamples)[:, None]
    for stratum in np.unique(strata_N):
        members = np.flatnonzero(strata_N == stratum)
        size = len(members)
        drawn = generator.integers(size, size=(num_resamples, max(1, size - 1))) + rows_B * size
        weights_BN[:, members] = np.bincount(drawn.ravel(), minlength=num_resamples * size).reshape(-1, size)
    return weights_BN


def _counter(labels_N: Labels, predictions_SN: Labels, metric: Metric) -> Callable[[NDArray[np.float32]], Scores]:
    """The function from weights of the images (B, N) to the scores of the seeds (B, S)."""
    num_seeds = len(predictions_SN)
    present = np.unique(labels_N)
    truth_NC = labels_N[:, None] == present
    said_NSC = predictions_SN.T[:, :, None] == present
    hits_NX = (said_NSC & truth_NC[:, None, :]).reshape(len(labels_N), -1).astype(np.float32)
    said_NX = said_NSC.reshape(len(labels_N), -1).astype(np.float32)

    def by_class(weights_BN: NDArray[np.float32], columns_NX: NDArray[np.float32]) -> Scores:
        counts: Scores = (weights_BN @ columns_NX).reshape(len(weights_BN), num_seeds, -1).astype(np.float64)
        return counts

    def scores(weights_BN: NDArray[np.float32]) -> Scores:
        hits_BSC = by_class(weights_BN, hits_NX)
        truth_B1C = (weights_BN @ truth_NC.astype(np.float32)).astype(np.float64)[:, None, :]
        if metric == "accuracy":
            found: Scores = hits_BSC.sum(axis=2) / truth_B1C.sum(axis=2)
        elif metric == "uar":
            found = (hits_BSC / truth_B1C).mean(axis=2)
        else:
            found = (2 * hits_BSC / (truth_B1C + by_class(weights_BN, said_NX))).mean(axis=2)
        return found

    return scores


def confusion_of(labels_N: Labels, predictions_N: Labels) -> Confusion:
    """Counts of (truth, answer), as many classes as either names."""
    num_classes = int(max(labels_N.max(), predictions_N.max())) + 1
    counts = np.bincount(labels_N * num_classes + predictions_N, minlength=num_classes**2)
    rows: list[list[int]] = counts.reshape(num_classes, num_classes).tolist()
    return rows
