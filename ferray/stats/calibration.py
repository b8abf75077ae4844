"""How far what a model takes for probable comes true, and the temperature that makes it so. N = images, C = classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from ferray.stats.intervals import Interval

NUM_BINS = 15
NUM_FOLDS = 5
NUM_RESAMPLES = 2000
LOWEST, HIGHEST = 0.05, 20.0  # temperatures that are looked among

Logits = NDArray[np.floating]
Labels = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """Images whose answer has a confidence in one of the bins: how many, their mean confidence, how many are right."""

    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Reliability:
    """Mean negative log-likelihood, and the expected calibration error with its 95 % interval; bins with an image."""

    log_loss: float
    error: float
    interval: Interval
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class CalibrationEffect:
    """A temperature, what it makes of probabilities, and after minus before of the error with its 95 % interval.

    `after` is of images whose temperature was found without them, in each of so many folds.
    """

    temperature: float
    n: int
    before: Reliability
    after: Reliability
    difference: float
    interval: Interval


def calibration_effect(logits_NC: Logits, labels_N: Labels, *, generator: np.random.Generator) -> CalibrationEffect:
    """The temperature of all images, judged by what those of folds make of the images that each leaves out.

    Intervals are normal ones with the bootstrap's standard error over images. They lie around the error that is
    measured, which of few images is larger than the true one, before and after alike.
    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017; Efron and
    Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 6.
    """
    before_NC = softmax(logits_NC.astype(np.float64), axis=1)
    after_NC = _left_out(logits_NC, labels_N, generator)
    resamples_BN = generator.integers(len(labels_N), size=(NUM_RESAMPLES, len(labels_N)))
    # The class of the largest logit, which a temperature leaves: rounding may not.
    right_N = (logits_NC.argmax(axis=1) == labels_N).astype(np.float64)
    errors = [_errors(probable_NC.max(axis=1), right_N, resamples_BN) for probable_NC in (before_NC, after_NC)]
    (before, before_B), (after, after_B) = errors
    return CalibrationEffect(
        temperature=fit_temperature(logits_NC, labels_N),
        n=len(labels_N),
        before=_reliability(before_NC, labels_N, right_N, before, before_B),
        after=_reliability(after_NC, labels_N, right_N, after, after_B),
        difference=after - before,
        interval=_around(after - before, after_B - before_B),
    )


def fit_temperature(logits_NC: Logits, labels_N: Labels) -> float:
    """The temperature under which these labels are likeliest, between LOWEST and HIGHEST."""
    wide_NC, rows_N = logits_NC.astype(np.float64), np.arange(len(labels_N))

    def log_loss(log_temperature: float) -> float:
        return -float(log_softmax(wide_NC / math.exp(log_temperature), axis=1)[rows_N, labels_N].mean())

    bounds = (math.log(LOWEST), math.log(HIGHEST))
    return math.exp(float(minimize_scalar(log_loss, bounds=bounds, method="bounded", options={"xatol": 1e-6}).x))


def calibration_error(confidence_N: Values, right_N: Values, num_bins: int = NUM_BINS) -> float:
    """The expected calibration error: the mean gap between confidence and accuracy, over bins of equal width.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    gaps_K = np.bincount(_bins(confidence_N, num_bins), weights=confidence_N - right_N, minlength=num_bins)
    return float(np.abs(gaps_K).sum() / len(right_N))


def _left_out(logits_NC: Logits, labels_N: Labels, generator: np.random.Generator) -> Values:
    """Probabilities of each image by the temperature of the folds that it is not in."""
    fold_N = generator.permutation(np.arange(len(labels_N)) % min(NUM_FOLDS, len(labels_N)))
    after_NC = np.empty(logits_NC.shape)
    for fold in np.unique(fold_N):
        out_N = fold_N == fold
        temperature = fit_temperature(logits_NC[~out_N], labels_N[~out_N])
        after_NC[out_N] = softmax(logits_NC[out_N].astype(np.float64) / temperature, axis=1)
    return after_NC


def _errors(confidence_N: Values, right_N: Values, resamples_BN: NDArray[np.int64]) -> tuple[float, Values]:
    """The calibration error of the images, and of each resample."""
    drawn = (calibration_error(confidence_N[rows_N], right_N[rows_N]) for rows_N in resamples_BN)
    return calibration_error(confidence_N, right_N), np.fromiter(drawn, dtype=np.float64)


def _around(value: float, resampled_B: Values) -> Interval:
    reach = NormalDist().inv_cdf(0.975) * float(resampled_B.std(ddof=1))
    return value - reach, value + reach


def _reliability(
    probable_NC: Values, labels_N: Labels, right_N: Values, error: float, resampled_B: Values
) -> Reliability:
    likely_N = probable_NC[np.arange(len(labels_N)), labels_N]
    low, high = (min(1.0, max(0.0, end)) for end in _around(error, resampled_B))
    confidence_N = probable_NC.max(axis=1)
    place_N = _bins(confidence_N, NUM_BINS)
    bins = tuple(
        Bin(int((place_N == k).sum()), float(confidence_N[place_N == k].mean()), float(right_N[place_N == k].mean()))
        for k in np.unique(place_N)
    )
    return Reliability(-float(np.log(np.maximum(likely_N, 1e-300)).mean()), error, (low, high), bins)


def _bins(confidence_N: Values, num_bins: int) -> NDArray[np.int64]:
    return np.minimum((confidence_N * num_bins).astype(np.int64), num_bins - 1)
