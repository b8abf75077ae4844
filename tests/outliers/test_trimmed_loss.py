from __future__ import annotations

import pytest
from pydantic import ValidationError

from ferray.outliers.trimmed_loss import TrimmedLoss
from ferray.testing.outliers import sample_losses, without

UNGUARDED = {"max_removed_fraction": 1.0, "max_removed_fraction_per_class": 1.0}
TEN = [0.3, 0.1, 0.9, 0.2, 0.8, 0.5, 0.4, 0.7, 0.6, 0.0]  # sample 102 has the highest loss, then 104, then 107


def rule(**params: object) -> TrimmedLoss:
    return TrimmedLoss(TrimmedLoss.Params.model_validate({"start_epoch": 1, **UNGUARDED, **params}))


def test_drops_the_fraction_with_the_highest_losses() -> None:
    assert rule(fraction=0.2).review(1, sample_losses(TEN)).sample_ids == {102, 104}


def test_a_fraction_of_a_sample_is_rounded_down() -> None:
    assert rule(fraction=0.29).review(1, sample_losses(TEN)).sample_ids == {102, 104}


def test_equal_losses_stay_together() -> None:
    # Two of five may go, but the second highest equals the third.
    assert rule(fraction=0.4).review(1, sample_losses([0.1, 0.5, 0.5, 0.9, 0.2])).sample_ids == {103}


def test_the_whole_can_be_asked_for() -> None:
    assert len(rule(fraction=1.0).review(1, sample_losses(TEN)).sample_ids) == 10


def test_waits_for_its_epoch() -> None:
    assert rule(start_epoch=3).review(2, sample_losses(TEN)).sample_ids == frozenset()


def test_each_round_drops_the_fraction_of_the_first_number() -> None:
    two_rounds, losses = rule(fraction=0.1, max_rounds=2, every=2), sample_losses(TEN)
    two_rounds.review(1, losses)
    later = two_rounds.review(3, without(losses, frozenset({102})))
    assert later.sample_ids == {104}


def test_the_rounds_end() -> None:
    once = rule(fraction=0.1)
    once.review(1, sample_losses(TEN))
    assert once.review(2, sample_losses(TEN)).sample_ids == frozenset()


def test_guards_bind() -> None:
    assert rule(fraction=0.3, max_removed_fraction=0.1).review(1, sample_losses(TEN)).sample_ids == {102}


def test_a_binding_guard_is_noted() -> None:
    found = rule(fraction=0.3, max_removed_fraction=0.1).review(1, sample_losses(TEN))
    assert found.note == "guards kept 2 of 3 candidates"


def test_the_error_is_the_cross_entropy() -> None:
    found = rule().review(1, sample_losses([1.0, 2.0, 6.0]))
    # Mean 3, deviations -2, -1, 3: variance 14 / 3.
    assert (found.errors.tolist(), found.variance) == ([1.0, 2.0, 6.0], pytest.approx(14 / 3))


def test_not_watching_scores_only_when_a_round_is_due() -> None:
    quiet = rule(start_epoch=2, every=3, max_rounds=2, watch=False)
    assert [epoch for epoch in range(1, 9) if quiet.wants_losses(epoch)] == [2, 5, 8]


def test_the_rounds_done_survive_the_state() -> None:
    once, other = rule(), rule()
    once.review(1, sample_losses(TEN))
    other.load_state_dict(once.state_dict())
    assert other.review(2, sample_losses(TEN)).sample_ids == frozenset()


@pytest.mark.parametrize("wrong", [{"fraction": 0.0}, {"fraction": 1.1}, {"every": 0}])
def test_refuses_parameters_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**wrong)
