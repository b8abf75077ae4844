"""Calibration error and temperature."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ferray.stats.calibration import calibration_effect, calibration_error, fit_temperature


def drawn(sharpness: float, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is true when they are divided by `sharpness`, and labels drawn by that truth."""
    generator = np.random.default_rng(1)
    true_NC = generator.normal(0, 1.5, (count, 3))
    shares_NC = np.exp(true_NC) / np.exp(true_NC).sum(axis=1, keepdims=True)
    labels_N = np.array([generator.choice(3, p=shares_N) for shares_N in shares_NC])
    return (true_NC * sharpness).astype(np.float32), labels_N


def test_the_error_is_the_mean_gap_over_bins() -> None:
    # Two bins of one: 0.9 and 0.8 in the upper, both right: gap 0.3 of 2; 0.4 in the lower, wrong: gap 0.4.
    found = calibration_error(np.array([0.9, 0.8, 0.4]), np.array([1.0, 1.0, 0.0]), num_bins=2)
    assert found == pytest.approx((0.3 + 0.4) / 3)


def test_a_confidence_of_one_is_in_the_last_bin() -> None:
    assert calibration_error(np.array([1.0, 1.0]), np.array([1.0, 0.0])) == pytest.approx(0.5)


def test_the_temperature_is_that_by_which_logits_are_too_sharp() -> None:
    logits, labels = drawn(4.0)
    assert fit_temperature(logits, labels) == pytest.approx(4.0, rel=0.15)


def test_no_other_temperature_is_likelier() -> None:
    logits, labels = drawn(2.0)

    def log_loss(temperature: float) -> float:
        shares = np.exp(logits / temperature)
        return -float(np.log(shares[np.arange(len(labels)), labels] / shares.sum(axis=1)).mean())

    found = fit_temperature(logits, labels)
    assert log_loss(found) <= min(log_loss(found * 1.02), log_loss(found / 1.02))


def test_overconfident_logits_are_mended_beyond_noise() -> None:
    effect = calibration_effect(*drawn(4.0), generator=np.random.default_rng(0))
    assert effect.after.error < effect.before.error
    assert effect.interval[1] < 0


def test_each_interval_lies_around_its_error() -> None:
    effect = calibration_effect(*drawn(4.0), generator=np.random.default_rng(0))
    for found in (effect.before, effect.after):
        assert found.interval[0] <= found.error <= found.interval[1]
    assert effect.interval[0] < effect.difference < effect.interval[1]


def test_true_probabilities_stay_as_they_are() -> None:
    effect = calibration_effect(*drawn(1.0), generator=np.random.default_rng(0))
    assert effect.temperature == pytest.approx(1.0, rel=0.15)
    assert effect.interval[0] < 0 < effect.interval[1]


def test_bins_count_every_image_and_hold_the_accuracy() -> None:
    logits, labels = drawn(3.0)
    effect = calibration_effect(logits, labels, generator=np.random.default_rng(0))
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    for found in (effect.before, effect.after):
        assert sum(each.n for each in found.bins) == effect.n == 400
        assert math.fsum(each.n * each.accuracy for each in found.bins) / 400 == pytest.approx(accuracy)
