"""`ferray list`, `ferray show`, `--help` and `--version`."""

from __future__ import annotations

import json

import pytest

from ferray.config.load import space_names
from ferray.testing.command import ferray


@pytest.mark.parametrize(
    "what",
    [
        "spaces",
        "datasets",
        "augment",
        "backbones",
        "heads",
        "imbalance",
        "outliers",
        "optimizers",
        "samplers",
        "pruners",
        "launchers",
        "trackers",
    ],
)
def test_every_kind_lists_something(what: str) -> None:
    ran = ferray("list", what)
    assert ran.code == 0
    assert ran.out.strip()


def test_list_alone_shows_every_kind_that_can_be_listed() -> None:
    kinds = [line.split()[0] for line in ferray("list").out.splitlines()]
    assert [kind for kind in kinds if ferray("list", kind).code] == []
    assert {"spaces", "faces", "estimators", "trackers"} <= set(kinds)


def test_list_says_what_a_component_does() -> None:
    assert "focal" in ferray("list", "imbalance").out


def test_list_json_names_the_spaces() -> None:
    assert [row["name"] for row in json.loads(ferray("list", "spaces", "--json").out)] == space_names()


def test_unknown_kind_offers_the_nearest() -> None:
    ran = ferray("list", "backbonds")
    assert (ran.code, "did you mean `backbones`?" in ran.err) == (2, True)


def test_show_space_prints_the_file() -> None:
    assert "ferray sweep demo" in ferray("show", "space", "demo").out


def test_show_space_json_fills_in_defaults() -> None:
    assert json.loads(ferray("show", "space", "demo", "--json").out)["objective"]["metric"] == "val/uar"


def test_show_component_prints_parameters_with_bounds() -> None:
    assert "gamma = 2.0  number (0 to 5). 0 is plain" in ferray("show", "component", "imbalance", "focal").out


def test_list_says_what_an_optimiser_does_and_where_it_is_from() -> None:
    assert "orthogonal" in ferray("list", "optimizers").out.lower()
    assert "Jordan et al., 2024" in ferray("list", "optimizers").out


def test_show_component_prints_an_optimiser_with_the_keys_that_speak_to_it() -> None:
    out = ferray("show", "component", "optimizer", "lamb").out
    assert ("Source: You et al., ICLR 2020." in out, "lr = 0.001  number" in out) == (True, True)


def test_an_optimiser_that_there_is_not_exits_2() -> None:
    ran = ferray("show", "component", "optimizers", "lam")
    assert (ran.code, "did you mean `lamb`?" in ran.err) == (2, True)


def test_show_keys_prints_a_line_for_each_key() -> None:
    lines = ferray("show", "keys", "optimizer").out.splitlines()
    assert "  optimizer.lr = 0.001  number (above 0, at most 10). Learning rate at its highest." in lines


def test_show_keys_json_is_one_list() -> None:
    (key,) = json.loads(ferray("show", "keys", "batch_size", "--json").out)
    assert (key["name"], key["default"], key["values"]) == ("batch_size", "32", "whole number (2 to 65536)")


def test_a_key_that_there_is_not_exits_2() -> None:
    ran = ferray("show", "keys", "learning_rat")
    assert (ran.code, "there is no key `learning_rat`" in ran.err) == (2, True)


def test_help_names_the_exit_codes() -> None:
    ran = ferray("--help")
    assert (ran.code, "130 interrupted" in " ".join(ran.out.split())) == (0, True)


def test_version_is_printed() -> None:
    assert ferray("--version").out.strip()


def test_unknown_command_exits_2() -> None:
    assert ferray("swep").code == 2
