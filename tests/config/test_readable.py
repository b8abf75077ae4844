"""Parameters as people read them."""

from __future__ import annotations

import math

import pytest

from ferray.config.readable import params_line, readable_params, readable_value, short_names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.000312345, "3.12e-4"),
        (3e-4, "3e-4"),
        (0.00099999, "0.001"),
        (0.43251, "0.433"),
        (2.0, "2"),
        (1234.5, "1230"),
        (-0.5, "-0.5"),
        (12345.0, "1.23e4"),
        (0.0, "0"),
        (128, "128"),
        (True, "true"),
        (None, "null"),
        ("focal", "focal"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_value_is_readable(value: object, text: str) -> None:
    assert readable_value(value) == text


def test_parameters_keep_their_names() -> None:
    assert readable_params({"optimizer.lr": 3.14159e-4, "batch_size": 32}) == {
        "optimizer.lr": "3.14e-4",
        "batch_size": "32",
    }


def test_names_lose_what_they_can_spare() -> None:
    assert short_names(["optimizer.lr", "imbalance.focal.gamma"]) == {
        "optimizer.lr": "lr",
        "imbalance.focal.gamma": "gamma",
    }


def test_names_that_end_alike_keep_what_tells_them_apart() -> None:
    assert short_names(["imbalance.focal.gamma", "schedule.gamma"]) == {
        "imbalance.focal.gamma": "focal.gamma",
        "schedule.gamma": "schedule.gamma",
    }


def test_a_name_says_of_what() -> None:
    assert short_names(["schedule.name", "optimizer.lr"])["schedule.name"] == "schedule.name"


def test_name_that_is_the_ending_of_another_is_left_whole() -> None:
    assert short_names(["gamma", "schedule.gamma"]) == {"gamma": "gamma", "schedule.gamma": "schedule.gamma"}


def test_line_starts_with_the_backbone() -> None:
    assert params_line({"optimizer.lr": 3e-4, "backbone": "resnet18", "imbalance": "none"}) == (
        "resnet18 lr=3e-4 imbalance=none"
    )


def test_line_of_no_parameters_is_empty() -> None:
    assert params_line({}) == ""
