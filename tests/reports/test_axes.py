"""Where the values of searched parameters lie in figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ferray.config.option_names import option_names
from ferray.config.space import Choice, Node, Numbers, OneOf, parse_space
from ferray.reports.axes import Axis, axes_of
from ferray.study.records import TrialRecord
from ferray.testing.fake_sweep import sweep_record


def trials(*params: dict[str, Any]) -> list[TrialRecord]:
    return [replace(sweep_record().trials[0], params=each) for each in params]


def axes(nodes: dict[str, Node], *params: dict[str, Any]) -> tuple[Axis, ...]:
    return axes_of(trials(*params), nodes)


def test_a_range_is_as_wide_as_the_space_and_not_as_its_values() -> None:
    (axis,) = axes({"optimizer.lr": Numbers("log_uniform", 1e-5, 1e-1)}, {"optimizer.lr": 1e-3}, {"optimizer.lr": 1e-2})
    assert (axis.short, axis.scale, axis.low, axis.high) == ("lr", "log", 1e-5, 1e-1)


def test_choices_among_numbers_stand_in_order_at_equal_distances() -> None:
    (axis,) = axes({"batch_size": Choice((128, 16, 64))}, {"batch_size": 16}, {"batch_size": 128})
    assert (axis.scale, axis.names, axis.place(64)) == ("names", ("16", "64", "128"), "64")


def test_choices_among_words_stand_as_they_were_listed() -> None:
    (axis,) = axes({"schedule": Choice(("step", None, True))}, {"schedule": "step"}, {"schedule": None})
    assert axis.names == ("step", "null", "true")


def test_components_are_names() -> None:
    (axis,) = axes(
        {"head": OneOf(("linear", "bn_mlp"), (("linear", {}), ("bn_mlp", {})))}, {"head": "linear"}, {"head": "bn_mlp"}
    )
    assert axis.names == ("linear", "bn_mlp")


def test_a_name_that_the_space_no_longer_has_stands_behind_those_that_it_has() -> None:
    (axis,) = axes({"schedule": Choice(("step", "cosine"))}, {"schedule": "linear"}, {"schedule": "step"})
    assert axis.names == ("step", "cosine", "linear")


def test_a_parameter_of_one_value_has_no_axis() -> None:
    assert axes({"optimizer.lr": Numbers("uniform", 0, 1)}, {"optimizer.lr": 0.1}, {"optimizer.lr": 0.1}) == ()


def test_without_a_space_numbers_are_as_wide_as_their_values_and_log_where_they_span_much() -> None:
    wide, narrow, words = axes({}, {"a": 1e-5, "b": 1, "c": "x"}, {"a": 0.1, "b": 3, "c": 2})
    assert (wide.scale, wide.low, narrow.scale, narrow.high, words.names) == ("log", 1e-5, "linear", 3.0, ("x", "2"))


def test_what_is_no_finite_number_lies_on_no_axis_of_numbers() -> None:
    axis = Axis("a", "a", "linear", 0, 1)
    assert [axis.place(value) for value in (0.5, None, float("nan"), "x", True)] == [0.5, None, None, None, None]


def test_a_network_stands_on_its_axis_by_its_own_name() -> None:
    nodes = parse_space({"backbone": {"one_of": [{"timm": {"name": "resnet18"}}, {"timm": {"name": "vgg11"}}]}})
    params = [{"backbone": "timm name=resnet18"}, {"backbone": "timm name=vgg11"}]
    named = [replace(trial, names=option_names(nodes)) for trial in trials(*params)]
    assert axes_of(named, nodes)[0].names == ("resnet18", "vgg11")
