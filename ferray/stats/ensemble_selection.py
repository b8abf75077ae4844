"""Which models answer best together: greedy selection with replacement. M = models, N = images, C = classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ferray.stats.estimates import Metric
from ferray.stats.seeds_and_images import Labels, Scores, seed_scores

Score = Metric | Literal["log_loss"]
Probabilities = NDArray[np.float64]
ROUNDS, BAGS = 25, 20
_LEAST = 1e-12  # a probability of which a logarithm is taken


@dataclass(frozen=True)
class Selection:
    """Weights (M,) that add up to 1, and the score of the weighted mean of probabilities on the images of the choice.

    `best` is the first single model with the best score there, by its place, and `best_value` that score. A log loss is
    better when lower.
    """

    weights: NDArray[np.float64]
    value: float
    best: int
    best_value: float


def select_ensemble(
    probabilities_MNC: Probabilities,
    labels_N: Labels,
    score: Score,
    *,
    generator: np.random.Generator,
    bags: int = BAGS,
    rounds: int = ROUNDS,
) -> Selection:
    """Weights of models whose mean of probabilities scores well; equal scores are told apart by the log loss.

    Begins with the best model and adds, `rounds` times, the one that raises the score of the mean most, any of them
    again and again; what counts is the best mean on the way. `bags` times over, each with the images drawn anew with
    replacement, and the weights averaged, which keeps one bag's luck from deciding; with one bag the images are as they
    are. Where the mean of the bags is worse than the best model on these images, one greedy choice on all of them
    counts, which never is. Caruana et al. draw models for a bag from thousands; of a sweep's dozens a half may lack
    every good one.
    Sources: Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble Selection from Libraries of Models", ICML 2004,
    sections 2.1 and 2.3; Breiman, "Bagging Predictors", Machine Learning 24 (1996), for bags of examples.
    """
    num_models, num_images = probabilities_MNC.shape[:2]
    weights_M = np.zeros(num_models)
    for _ in range(bags):
        images = np.arange(num_images) if bags == 1 else generator.integers(num_images, size=num_images)
        counts_M = _greedy(probabilities_MNC[:, images], labels_N[images], score, rounds)
        weights_M += counts_M / counts_M.sum() / bags
    alone_M = _keys(probabilities_MNC, labels_N, score)
    best = int(alone_M[:, 0].argmax())
    best_value = float(alone_M[best, 0])
    if (value := _value(weights_M, probabilities_MNC, labels_N, score)) < best_value:
        counts_M = _greedy(probabilities_MNC, labels_N, score, rounds)
        weights_M = counts_M / counts_M.sum()
        value = _value(weights_M, probabilities_MNC, labels_N, score)
    sign = -1 if score == "log_loss" else 1
    return Selection(weights_M, sign * value, best, sign * best_value)


def _value(weights_M: NDArray[np.float64], probabilities_MNC: Probabilities, labels_N: Labels, score: Score) -> float:
    """The score of the weighted mean, such that more is better."""
    return float(_keys(np.tensordot(weights_M, probabilities_MNC, axes=1)[None], labels_N, score)[0, 0])


def _greedy(probabilities_MNC: Probabilities, labels_N: Labels, score: Score, rounds: int) -> NDArray[np.int64]:
    """How often each model (M,) is in the best mean on the way."""
    total_NC = np.zeros(probabilities_MNC.shape[1:])
    chosen: list[int] = []
    keys: list[tuple[float, float]] = []
    for number in range(1, rounds + 1):
        keys_M = _keys((total_NC + probabilities_MNC) / number, labels_N, score)
        chosen.append(_first_best(keys_M))
        keys.append((keys_M[chosen[-1], 0], keys_M[chosen[-1], 1]))
        total_NC += probabilities_MNC[chosen[-1]]
    length = keys.index(max(keys)) + 1
    return np.bincount(chosen[:length], minlength=len(probabilities_MNC))


def _keys(probabilities_MNC: Probabilities, labels_N: Labels, score: Score) -> Scores:
    """The score of each model and its log loss, both such that more is better: (M, 2)."""
    of_labels_MN = probabilities_MNC[:, np.arange(len(labels_N)), labels_N]
    losses_M = np.log(np.maximum(of_labels_MN, _LEAST)).mean(axis=1)
    if score == "log_loss":
        return np.stack([losses_M, losses_M], axis=1)
    return np.stack([seed_scores(labels_N, probabilities_MNC.argmax(axis=2), score), losses_M], axis=1)


def _first_best(keys_M: Scores) -> int:
    """The place of the largest key, of equal ones the first."""
    return max(range(len(keys_M)), key=lambda model: (*keys_M[model], -model))
