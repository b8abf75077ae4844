"""What is recorded is what ran: no override and no entry of a space is passed over by another."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import assume, given, reject
from hypothesis import strategies as st

from ferray.config.load import validate_spec
from ferray.config.overrides import Overrides, apply_overrides
from ferray.config.space import ARM, Node, Numbers
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.testing.fuzz import FUZZ

BASES: tuple[dict[str, Any], ...] = (
    {},
    {"head": {"selu_mlp": {"hidden": 64, "dropout": 0.5}}, "optimizer": {"name": "sgd", "lr": 0.25}},
    {"head.dropout": 0.25, "optimizer.lr": 0.25, "epochs": 9, "folds": {"k": 4}},
    {"imbalance": {"focal": {"gamma": 3.5}}, "outliers": "bdr", "folds": None},
)
SPACES: tuple[dict[str, Any], ...] = (
    {},
    {"head": {"one_of": [{"linear": {"dropout": {"uniform": [0.0, 0.5]}}}, {"bn_mlp": {"dropout": 0.125}}]}},
    {"head": {"one_of": ["linear", {"selu_mlp": {"hidden": {"choice": [8, 16]}}}]}, "head.dropout": {"choice": [0.5]}},
    {"optimizer.lr": {"log_uniform": [1e-4, 1e-2]}, "epochs": {"int_uniform": [6, 10]}, "seed": {"choice": [3, 4]}},
    {"imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}, {"focal": {"gamma": 1.0}}]}},
    {"imbalance.gamma": {"uniform": [0.5, 4.0]}, "dataset.split_seed": {"choice": [1, 2]}},
    {"imbalance.focal.gamma": {"grid": [0.5, 4.0]}, "outliers": {"one_of": ["none", {"bdr": {"k": 1.5}}]}},
)
ARMS: tuple[dict[str, Any], ...] = (
    {},
    {"plain": {"outliers": "none"}, "bdr": {"outliers": {"bdr": {"start_epoch": 6}}, "epochs": 8}},
    {"linear": {"head": {"linear": {"dropout": 0.75}}}, "same": {"optimizer": {"name": "adam", "lr": 0.5}}},
    {"focal": {"imbalance": {"focal": {"gamma": 2.5}}}, "short": {"head.dropout": 0.875, "optimizer.lr": 0.75}},
    {"more": {"dataset": {"demo": {"split_seed": 9}}}, "folds": {"folds": {"k": 3}}},
)
SETS: tuple[tuple[str, Any], ...] = (
    ("head.dropout", 0.0625),
    ("head.linear.dropout", 0.0625),
    ("head.bn_mlp.dropout", 0.0625),
    ("head", {"linear": {"dropout": 0.0625}}),
    ("head.dropout", {"uniform": [0.625, 0.6875]}),
    ("optimizer.lr", 0.0625),
    ("optimizer", {"name": "sgd", "lr": 0.0625}),
    ("optimizer.lr", {"uniform": [0.625, 0.6875]}),
    ("imbalance.gamma", 0.0625),
    ("imbalance.focal.gamma", 0.0625),
    ("imbalance.focal.gamma", {"uniform": [0.625, 0.6875]}),
    ("imbalance", "focal"),
    ("outliers.start_epoch", 3),
    ("outliers.bdr.k", 2.5),
    ("dataset.split_seed", 77),
    ("dataset", {"demo": {"split_seed": 77}}),
    ("epochs", 77),
    ("seed", 77),
    ("folds.k", 7),
    ("folds", None),
)
FLAGS: tuple[dict[str, Any], ...] = ({}, {"epochs": 55}, {"seed": 55}, {"bad_samples": "skip"}, {"seeds": 2})


def values_at(config: TrialConfig, key: str) -> list[Any]:
    """What a configuration has under a dotted key: one value, or none where the component is another."""
    first, *rest = key.split(".")
    value = config.to_json()[first]
    if first in ("optimizer", "folds"):
        return [value[rest[0]]] if rest and value else [] if rest else [value]
    if not isinstance(value, dict) or not rest:
        return [value]
    ((name, params),) = value.items()
    if len(rest) == 2 and rest[0].split(" ")[0] != name:
        return []
    return [params[rest[-1]]] if rest[-1] in params else []


def drawn(spec: SweepSpec, data: st.DataObject) -> tuple[dict[str, Any], TrialConfig]:
    """A trial as the study asks for it: what is recorded as its parameters, and what is trained."""
    params: dict[str, Any] = {}

    def pick(name: str, node: Node) -> Any:
        drawn_value = data.draw(
            st.integers(int(node.low), int(node.high))
            if isinstance(node, Numbers) and node.kind == "int_uniform"
            else st.floats(node.low, node.high)
            if isinstance(node, Numbers)
            else st.sampled_from(node.extremes()),
            label=name,
        )
        params[name] = drawn_value
        return drawn_value

    return params, spec.config(pick)


def same(trained: Any, recorded: Any) -> bool:
    """Whether a value, or a component by its label, is what was recorded."""
    if isinstance(trained, dict):
        return str(recorded).split(" ")[0] in trained
    return bool(trained == recorded)


def trial_of(raw: dict[str, Any], overrides: Overrides, data: st.DataObject) -> tuple[dict[str, Any], TrialConfig]:
    """A trial of the changed space; another example where the space, the change or the combination is refused."""
    try:
        validate_spec(copy.deepcopy(raw), source="x")
        assume(not apply_overrides(raw, overrides).problems)
        return drawn(validate_spec(raw, source="x"), data)
    except (ConfigError, ValueError):
        reject()


ASKED = st.fixed_dictionaries(
    {
        "base": st.sampled_from(BASES),
        "space": st.sampled_from(SPACES),
        "arms": st.sampled_from(ARMS),
        "sets": st.lists(st.sampled_from(SETS), max_size=2, unique_by=lambda item: item[0].split(".")[0]),
        "flags": st.sampled_from(FLAGS),
    }
)


def asked(given_parts: dict[str, Any]) -> tuple[dict[str, Any], Overrides]:
    """A raw space, and the overrides as the command line gives them."""
    raw = {"name": "x", "dataset": "demo", **{key: given_parts[key] for key in ("base", "space", "arms")}}
    sets = [f"{key}={value}".replace("None", "null") for key, value in given_parts["sets"]]
    return copy.deepcopy(raw), Overrides(sets=sets, **given_parts["flags"])


@FUZZ
@given(parts=ASKED, data=st.data())
def test_what_is_recorded_is_what_is_trained(parts: dict[str, Any], data: st.DataObject) -> None:
    params, config = trial_of(*asked(parts), data)
    values = {name: (values_at(config, name), value) for name, value in params.items() if name != ARM}
    assert not {name: pair for name, pair in values.items() if not pair[0] or not same(pair[0][0], pair[1])}


@FUZZ
@given(parts=ASKED, data=st.data())
def test_a_value_that_is_set_is_what_is_trained(parts: dict[str, Any], data: st.DataObject) -> None:
    _, config = trial_of(*asked(parts), data)
    plain = [(key, value) for key, value in parts["sets"] if key != "seed" and not isinstance(value, dict | str)]
    assert not [(key, value) for key, value in plain if values_at(config, key) not in ([], [value])]
