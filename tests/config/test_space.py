"""Nodes, their names, and the configurations that choices make."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.space import Node, OneOf, SpaceError, assign, is_node, parse_space, resolve

SPACE: dict[str, Any] = {
    "head.dropout": {"uniform": [0.1, 0.5]},
    "imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}]},
    "head": {"one_of": [{"linear": {}}, {"selu_mlp": {"hidden": 64}}]},
}


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SpaceError) as raised:
        parse_space(raw)
    return raised.value.lines


def last(_: str, node: Node) -> Any:
    return node.extremes()[-1]


def test_component_is_chosen_before_its_parameters() -> None:
    assert list(parse_space(SPACE)) == ["imbalance", "head", "head.dropout"]


def test_parameter_lands_in_whichever_component_was_chosen() -> None:
    tree = resolve(parse_space(SPACE), {"dataset": "demo"}, last)
    assert tree["head"] == {"selu_mlp": {"hidden": 64, "dropout": 0.5}}


def test_nested_parameter_is_resolved_with_its_component() -> None:
    assert resolve(parse_space(SPACE), {}, last)["imbalance"] == {"focal": {"gamma": 4.0}}


def test_base_is_not_changed_by_resolving() -> None:
    base = {"head": {"linear": {"dropout": 0.1}}}
    resolve(parse_space({"head.dropout": {"uniform": [0.2, 0.3]}}), base, last)
    assert base == {"head": {"linear": {"dropout": 0.1}}}


def test_dotted_base_key_reaches_the_chosen_component() -> None:
    nodes = parse_space({"head": {"one_of": ["linear", "bn_mlp"]}})
    assert resolve(nodes, {"head.dropout": 0.3}, last)["head"] == {"bn_mlp": {"dropout": 0.3}}


def test_twins_are_told_apart_by_their_parameters() -> None:
    node = parse_space({"backbone": {"one_of": [{"timm": {"name": "resnet18"}}, {"timm": {"name": "resnet34"}}]}})[
        "backbone"
    ]
    assert isinstance(node, OneOf)
    assert node.labels == ("timm name=resnet18", "timm name=resnet34")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("optimizer.lr", {"log_unifrom": [1, 2]}, "`log_unifrom` is not a distribution; did you mean `log_uniform`?"),
        ("optimizer.lr", {"log_uniform": [0, 2]}, "above 0"),
        ("optimizer.lr", {"uniform": [2, 1]}, "low end comes first"),
        ("optimizer.lr", {"uniform": [1]}, "two numbers"),
        ("optimizer.lr", {"uniform": "1, 2"}, "takes a list"),
        ("optimizer.lr", 0.1, "expected one of"),
        ("optimizer.rate", {"uniform": [0, 1]}, "`rate` is not a key of optimizer"),
        ("batchsize", {"choice": [1]}, "did you mean `batch_size`?"),
        ("epochs", {"int_uniform": [1.5, 3]}, "two whole numbers"),
        ("epochs", {"int_uniform": [True, 3]}, "two whole numbers"),
        ("epochs", {"choice": []}, "takes a list"),
        ("epochs", {"choice": [1, 1]}, "stands twice"),
        ("epochs", {"one_of": ["none"]}, "use `choice`"),
        ("imbalance", {"choice": ["none"]}, "components go under `one_of`"),
        ("imbalance", {"one_of": ["none", "none"]}, "two options"),
        ("imbalance", {"one_of": [{"focal": {"gamma": {"unifrom": [0, 1]}}}]}, "`unifrom` is not a distribution"),
        ("imbalance", {"one_of": [{"focal": {"gamma": {"grid": [0, 1]}}}]}, "at the top of a space only"),
        ("imbalance", {"one_of": [3]}, "expected a name"),
    ],
)
def test_mistake_is_named(key: str, value: Any, words: str) -> None:
    (line,) = problems({key: value})
    assert line.startswith(key)
    assert words in line


def test_all_problems_are_listed_together() -> None:
    assert len(problems({"lr": {"uniform": [0, 1]}, "epochs": 3})) == 2


def test_key_that_names_another_component_is_refused() -> None:
    with pytest.raises(ValueError, match="speaks of `focal`, but imbalance is `none`"):
        assign({"imbalance": "none"}, "imbalance.focal.gamma", 2.0)


@pytest.mark.parametrize("value", [{"uniform": [0, 1]}, {"one_of": []}])
def test_one_key_tree_with_a_known_kind_is_a_node(value: Any) -> None:
    assert is_node(value)


@pytest.mark.parametrize("value", [{"focal": {}}, 3, {"uniform": 1, "choice": 2}])
def test_other_trees_are_not_nodes(value: Any) -> None:
    assert not is_node(value)
