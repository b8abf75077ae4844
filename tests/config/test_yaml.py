"""Strict YAML."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferray.config.yaml import exact, parse_yaml, read_yaml
from ferray.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.5E3", 1500.0),
        (".5", 0.5),
        ("010", 10),
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("~", None),
        ("", None),
        ("-3", -3),
        ("{a: [1, 2.0]}", {"a": [1, 2.0]}),
        ("resnet18", "resnet18"),
        (".nan", ".nan"),
    ],
)
def test_scalar_means_what_it_says(text: str, value: Any) -> None:
    read = parse_yaml(text, source="test")
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2", "`a` stands twice"),
        ("a: &x 1\nb: *x", "aliases"),
        ("1: 2", "not text"),
        ("a: [1", "line 1"),
        ("!!python/object:os.system {}", "could not determine a constructor"),
        ("a: b: c", "line 1"),
    ],
)
def test_ambiguous_yaml_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_yaml(text, source="space.yaml")


def test_deep_nesting_is_refused_not_overflowed() -> None:
    with pytest.raises(ConfigError):
        parse_yaml("[" * 5000, source="test")


def test_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path / "none.yaml")


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        parse_yaml(text, source="fuzz")


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(TREES.filter(lambda tree: "\\u0000" not in json.dumps(tree)))
@settings(max_examples=200, deadline=None)
def test_what_python_holds_is_read_back_as_the_same(tree: Any) -> None:
    assert parse_yaml(exact(tree), source="it") == tree


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-05, "1.0e-05"),
        ("resnet18", "resnet18"),
        ("1e-3", '"1e-3"'),
        ((16, 32), "[16, 32]"),
        (np.float64(0.5), "0.5"),
        (np.int64(3), "3"),
        (Path("a/b.csv"), '"a/b.csv"'),
    ],
)
def test_values_of_python_as_yaml(value: Any, text: str) -> None:
    assert exact(value) == text


def test_what_no_yaml_can_say_is_refused() -> None:
    with pytest.raises(ConfigError, match="no space can hold `<object object"):
        exact({"a": object()})
