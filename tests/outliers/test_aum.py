from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from ferray.outliers import SampleLosses
from ferray.outliers.aum import AreaUnderMargin
from ferray.testing.outliers import sample_losses, without

UNGUARDED = {"max_removed_fraction": 1.0, "max_removed_fraction_per_class": 1.0}


def rule(**params: object) -> AreaUnderMargin:
    return AreaUnderMargin(AreaUnderMargin.Params.model_validate({"start_epoch": 2, **UNGUARDED, **params}))


def with_margins(margins: Sequence[float]) -> SampleLosses:
    return replace(sample_losses([0.5] * len(margins)), margin=np.array(margins))


# Sample 100 is the worst of the second epoch, sample 101 on average: 3, 0, 2.5, 4, 3.5.
FIRST = with_margins([7.0, -1.0, 2.0, 4.0, 3.0])
SECOND = with_margins([-1.0, 1.0, 3.0, 4.0, 4.0])


def test_drops_the_fraction_with_the_lowest_mean_margins() -> None:
    averaging = rule(fraction=0.2)
    averaging.review(1, FIRST)
    assert averaging.review(2, SECOND).sample_ids == {101}


def test_drops_all_below_a_margin() -> None:
    averaging = rule(threshold="margin", margin=2.6)
    averaging.review(1, FIRST)
    assert averaging.review(2, SECOND).sample_ids == {101, 102}


def test_a_mean_margin_that_equals_the_margin_stays() -> None:
    averaging = rule(threshold="margin", margin=2.5)
    averaging.review(1, FIRST)
    assert averaging.review(2, SECOND).sample_ids == {101}


def test_equal_mean_margins_stay_together() -> None:
    assert rule(start_epoch=1, fraction=0.25).review(1, with_margins([1.0, 1.0, 2.0, 3.0])).sample_ids == frozenset()


def test_the_error_is_minus_the_mean_margin() -> None:
    averaging = rule()
    averaging.review(1, FIRST)
    assert averaging.review(2, SECOND).errors.tolist() == [-3.0, 0.0, -2.5, -4.0, -3.5]


def test_waits_for_its_epoch() -> None:
    assert rule().review(1, FIRST).sample_ids == frozenset()


def test_a_second_round_goes_on_with_the_same_averages() -> None:
    twice = rule(start_epoch=1, fraction=0.2, max_rounds=2)
    gone = twice.review(1, FIRST).sample_ids
    # 101 went first; of what is left, 102 has the lowest mean of both epochs, and 100 the lowest margin.
    assert (gone, twice.review(2, without(SECOND, gone)).sample_ids) == ({101}, {102})


def test_a_resumed_trial_removes_what_it_would_have_removed() -> None:
    resumed, before = rule(fraction=0.2), rule(fraction=0.2)
    before.review(1, FIRST)
    resumed.load_state_dict(json.loads(json.dumps(before.state_dict())))
    assert resumed.review(2, SECOND).sample_ids == {101}


def test_the_rounds_done_survive_the_state() -> None:
    once, other = rule(start_epoch=1, fraction=0.2), rule(start_epoch=1, fraction=0.2)
    once.review(1, FIRST)
    other.load_state_dict(once.state_dict())
    assert other.review(2, SECOND).sample_ids == frozenset()


def test_an_epoch_without_finite_margins_is_passed_over() -> None:
    averaging = rule(fraction=0.2)
    averaging.review(1, FIRST)
    averaging.review(2, with_margins([np.nan, 0.0, 0.0, 0.0, 0.0]))
    assert averaging.review(3, SECOND).errors.tolist() == [-3.0, 0.0, -2.5, -4.0, -3.5]


def test_guards_bind() -> None:
    assert len(rule(start_epoch=1, fraction=0.8, max_removed_fraction=0.2).review(1, FIRST).sample_ids) == 1


def test_every_epoch_up_to_the_last_round_is_scored() -> None:
    quiet = rule(start_epoch=1, every=3, max_rounds=1, watch=False)
    wanted_before = quiet.wants_losses(1)
    quiet.review(1, FIRST)
    assert (wanted_before, quiet.wants_losses(2)) == (True, False)


@pytest.mark.parametrize("wrong", [{"fraction": 0.0}, {"threshold": "samples"}, {"margin": 101}])
def test_refuses_parameters_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**wrong)
