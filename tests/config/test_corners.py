"""The corner check."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.corners import corner_problems, corners
from ferray.config.trial import TrialConfig
from ferray.testing.curves import small_spec


def lines(**changes: Any) -> list[str]:
    return corner_problems(small_spec(**changes))


def test_valid_space_has_no_problems() -> None:
    assert lines() == []


def test_gamma_out_of_range_is_found_at_its_extreme() -> None:
    space = {"imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [0.5, 9.0]}}}]}}
    assert lines(space=space) == ["space.imbalance.focal.gamma: reaches `9.0`, allowed is at most `5`"]


def test_misspelt_strategy_offers_the_nearest() -> None:
    (line,) = lines(space={"imbalance": {"one_of": ["focall"]}})
    assert "`focall` is not an imbalance strategy; did you mean `focal`?" in line


def test_fixed_value_is_placed_in_base() -> None:
    (line,) = lines(base={"batch_size": 1}, space={})
    assert line == "base.batch_size: reaches `1`, allowed is at least `2`"


def test_parameter_that_one_of_the_components_lacks_is_found() -> None:
    space = {"head": {"one_of": ["linear", "selu_mlp"]}, "head.hidden": {"choice": [32, 64]}}
    (line,) = lines(space=space)
    assert line.startswith("space.head.linear.hidden: is not a known key")


@pytest.mark.parametrize("extreme", [16, 32])
def test_each_extreme_of_a_choice_is_visited(extreme: int) -> None:
    configs = [config for _, config in corners(small_spec()) if isinstance(config, TrialConfig)]
    assert extreme in {config.batch_size for config in configs}
