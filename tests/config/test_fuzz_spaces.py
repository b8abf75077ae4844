"""Whatever stands in a search space or behind `--set`, reading it ends well or in a ConfigError."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ferray.config.corners import corner_problems
from ferray.config.load import load_space, validate_spec
from ferray.config.overrides import Overrides
from ferray.config.yaml import parse_yaml
from ferray.errors import ConfigError
from ferray.testing.fuzz import FUZZ, damaged

SPACE = """
dataset: {demo: {num_train: 30, label_noise: 0.08}}
objective: {metric: val/uar, mode: max}
budget: {trials: 16}
sampler: {tpe: {startup_trials: 6}}
pruner: {median: {startup_trials: 3}}
base:
  backbone: tiny_cnn
  image_size: 48
  schedule: {name: cosine}
space:
  backbone.width: {choice: [12, 16]}
  head: {one_of: [{linear: {dropout: {uniform: [0.0, 0.5]}}}, {bn_mlp: {}}]}
  optimizer.lr: {log_uniform: [4e-4, 6e-3]}
  batch_size: {grid: [32, 64]}
  epochs: {int_uniform: [6, 10]}
  imbalance: {one_of: [none, {focal: {gamma: {uniform: [0.5, 3.0]}}}]}
"""
FRAGMENTS = (
    b"{", b"}", b"[", b"]", b":", b",", b"-", b"~", b"null", b"true", b"0", b"-1", b"1e999", b"1e-4", b"&a", b"*a",
    b"!!str", b"?", b"|", b">", b"%", b"@", b"`", b"\t", b"\0", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"space:", b"one_of:",
    b"choice:", b"grid:", b"uniform:", b"focal", b"none", b"tiny_cnn", b"head.dropout", b"optimizer", b"optimizer.lr.x",
    b"dataset:", b"{}", b"{a: []}",
)  # fmt: skip
KEYS = (
    "dataset", "dataset.demo.seed", "dataset.seed", "objective", "objective.metric", "budget.trials", "sampler",
    "sampler.tpe.startup_trials", "pruner.median", "head", "head.dropout", "head.linear.dropout", "optimizer",
    "optimizer.lr", "optimizer.lr.x", "imbalance.focal.gamma", "imbalance.none", "epochs", "space", "base", "a.b.c",
)  # fmt: skip

DAMAGED = damaged([SPACE.encode()], FRAGMENTS)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
WORDS = st.sampled_from(
    ["one_of", "choice", "grid", "uniform", "log_uniform", "int_uniform", "focal", "linear", "gamma", "none"]
)
TREES = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def check(raw: Any) -> None:
    """Validate a raw space and visit its corners, as `ferray sweep` does; only a ConfigError may end it."""
    with suppress(ConfigError):
        spec = validate_spec(raw, source="fuzz.yaml")
        assert all(isinstance(line, str) for line in corner_problems(spec))


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every node of a plain tree."""
    inner = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [path] + [place for key, value in inner for place in places(value, (*path, key))]


def with_value(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = with_value(tree[path[0]], path[1:], value)
    return copy


PLAIN = {"name": "fuzz", **parse_yaml(SPACE, source="fuzz")}
PLACES = [place for place in places(PLAIN) if place]


@FUZZ
@given(
    text=st.text(max_size=80) | damaged([SPACE.encode()], FRAGMENTS).map(lambda text: text.decode("utf-8", "replace"))
)
@example(text="a: " + "9" * 5000)
@example(text="? [a]\n: b")
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        raw = parse_yaml(text, source="fuzz.yaml")
        if isinstance(raw, dict):
            check({"name": "fuzz", **raw})


@FUZZ
@given(content=st.binary(max_size=80) | DAMAGED)
def test_no_file_raises_anything_but_a_config_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.yaml"
        path.write_bytes(content)
        with suppress(ConfigError):
            load_space(str(path))


@FUZZ
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), TREES), min_size=1, max_size=3))
def test_no_tree_raises_anything_but_a_config_error(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree: Any = PLAIN
    for path, value in changes:
        with suppress(KeyError, IndexError, TypeError):  # an earlier change took the place away
            tree = with_value(tree, path, value)
    check(tree)


@FUZZ
@given(sets=st.lists(st.tuples(st.sampled_from(KEYS) | st.text(max_size=8), TREES), min_size=1, max_size=3))
@example(sets=[("objective", True), ("objective.metric", None)])
def test_no_set_raises_anything_but_a_config_error(sets: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.yaml"
        path.write_text(SPACE)
        given_sets = [f"{key}={yaml.safe_dump(value, default_flow_style=True, width=9999)}" for key, value in sets]
        with suppress(ConfigError):
            check(load_space(str(path), Overrides(sets=given_sets))[0].model_dump(mode="json"))


def test_the_space_that_is_damaged_is_valid_to_begin_with() -> None:
    assert corner_problems(validate_spec(PLAIN, source="fuzz.yaml")) == []
