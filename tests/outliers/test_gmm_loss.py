"""The mixture against two clear groups, and against expectation maximisation over lists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from ferray.outliers.gmm_loss import GmmLoss, clean_probability
from ferray.testing.outliers import sample_losses, select

UNGUARDED = {"max_removed_fraction": 1.0, "max_removed_fraction_per_class": 1.0}
TWO_GROUPS = [0.1, 0.2, 0.15, 0.12, 0.18, 3.0, 0.11, 3.1, 0.16, 2.9]  # 105, 107 and 109 stand apart


def rule(**params: object) -> GmmLoss:
    return GmmLoss(GmmLoss.Params.model_validate({"start_epoch": 1, **UNGUARDED, **params}))


def test_drops_the_group_of_high_losses() -> None:
    assert rule().review(1, sample_losses(TWO_GROUPS)).sample_ids == {105, 107, 109}


def test_waits_for_its_epoch() -> None:
    assert rule(start_epoch=2).review(1, sample_losses(TWO_GROUPS)).sample_ids == frozenset()


def test_one_round_is_one_round() -> None:
    once = rule()
    once.review(1, sample_losses(TWO_GROUPS))
    assert once.review(2, sample_losses(TWO_GROUPS)).sample_ids == frozenset()


def test_the_rounds_done_survive_the_state() -> None:
    once, other = rule(), rule()
    once.review(1, sample_losses(TWO_GROUPS))
    other.load_state_dict(once.state_dict())
    assert other.review(2, sample_losses(TWO_GROUPS)).sample_ids == frozenset()


def test_guards_let_the_highest_losses_go() -> None:
    assert rule(max_removed_fraction=0.2).review(1, sample_losses(TWO_GROUPS)).sample_ids == {105, 107}


def test_the_error_is_the_loss_scaled_to_the_unit_interval() -> None:
    assert rule(start_epoch=9).review(1, sample_losses([1.0, 2.0, 5.0])).errors.tolist() == [0.0, 0.25, 1.0]


def test_equal_losses_are_noted() -> None:
    assert rule().review(1, sample_losses([0.5] * 4)).note == "all losses are equal"


def test_two_values_are_two_components() -> None:
    assert rule().review(1, sample_losses([0.5, 0.5, 0.5, 2.0])).sample_ids == {103}


def test_a_loss_below_the_clean_mean_stays() -> None:
    # A narrow heap at 0.5 and a wide one around it: the wide one claims both tails.
    errors = np.concatenate([np.linspace(0.5, 0.52, 60), np.linspace(0.0, 1.0, 30)])
    assert clean_probability(errors)[errors < 0.4].tolist() == [1.0] * 12


def test_asking_for_more_certainty_drops_more() -> None:
    losses = sample_losses(np.random.default_rng(3).gamma(2.0, 0.4, 200))
    strict, lax = (rule(clean_probability=p).review(1, losses).sample_ids for p in (0.9, 0.1))
    assert lax < strict


def test_the_order_of_samples_changes_nothing() -> None:
    losses = sample_losses(np.random.default_rng(4).gamma(2.0, 0.4, 200))
    shuffled = select(losses, np.random.default_rng(5).permutation(200))
    assert rule().review(1, losses).sample_ids == rule().review(1, shuffled).sample_ids


# The method by a second way: two means, then at most ten steps of expectation maximisation, one number at a time.

Mixture = list[tuple[float, float, float]]  # share, mean and variance of each component, the lower one first


def density(x: float, mean: float, variance: float) -> float:
    return math.exp(-((x - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def maximised(errors: list[float], lower: list[float]) -> Mixture:
    """The mixture of largest likelihood where each error belongs to the lower component with this probability."""
    mixture = []
    for belongs in (lower, [1 - p for p in lower]):
        weight = sum(belongs)
        mean = sum(p * x for p, x in zip(belongs, errors, strict=True)) / weight
        spread = sum(p * (x - mean) ** 2 for p, x in zip(belongs, errors, strict=True)) / weight
        mixture.append((weight / len(errors), mean, spread + 5e-4))
    return mixture


def expected(errors: list[float], mixture: Mixture) -> tuple[list[float], float]:
    """The probability of the lower component for each error, and the mean log-likelihood."""
    parts = [[share * density(x, mean, variance) for share, mean, variance in mixture] for x in errors]
    return [part[0] / sum(part) for part in parts], sum(math.log(sum(part)) for part in parts) / len(errors)


def two_means(errors: list[float]) -> list[float]:
    centres = [min(errors), max(errors)]
    for _ in range(100):
        nearer = [float(abs(x - centres[0]) <= abs(x - centres[1])) for x in errors]
        centres = [mean for _, mean, _ in maximised(errors, nearer)]
    return nearer


def mixture_over_lists(errors: list[float]) -> list[float]:
    mixture, former = maximised(errors, two_means(errors)), -math.inf
    for _ in range(10):
        lower, likelihood = expected(errors, mixture)
        mixture = maximised(errors, lower)
        if abs(likelihood - former) < 1e-2:
            break
        former = likelihood
    return expected(errors, mixture)[0]


@pytest.mark.parametrize("seed", range(4))
def test_probabilities_equal_those_computed_over_lists(seed: int) -> None:
    generator = np.random.default_rng(seed)
    losses = np.concatenate([generator.gamma(2.0, 0.1, 80), generator.normal(2.0, 0.5, 20)])
    errors = np.sort((losses - losses.min()) / (losses.max() - losses.min()))
    by_lists = np.array(mixture_over_lists(errors.tolist()))
    above = errors > 0.2  # below the clean mean ours says 1
    assert clean_probability(errors)[above] == pytest.approx(by_lists[above], abs=1e-6)


@pytest.mark.parametrize("wrong", [{"clean_probability": 0.0}, {"clean_probability": 1.0}, {"max_rounds": 0}])
def test_refuses_parameters_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**wrong)
