"""A space with nothing left to search: the first choice, or the middle of a range."""

from __future__ import annotations

from typing import Any

from ferray.config.space import Node, Numbers
from ferray.config.sweep import SweepSpec


def single_trial(spec: SweepSpec) -> tuple[SweepSpec, dict[str, Any]]:
    """The spec with nothing left to search, and what `middle` put for each searched key."""
    chosen: dict[str, Any] = {}

    def pick(name: str, node: Node) -> Any:
        chosen[name] = middle(node)
        return chosen[name]

    tree = spec.config_tree(pick)
    base = {key: value for key, value in tree.items() if key != "dataset"}
    return SweepSpec.model_validate(
        {
            **spec.model_dump(mode="json"),
            "base": base,
            "dataset": tree["dataset"],
            "space": {},
            "arms": {},
            "seeds": None,
            "budget": {"trials": 1},
            "published": (),
            "lists": spec.lists,
        }
    ), chosen


def middle(node: Node) -> Any:
    """The first choice, or the middle of a range (the geometric one of a logarithmic range)."""
    if not isinstance(node, Numbers):
        return node.extremes()[0]
    if node.kind == "log_uniform":
        return float(f"{(node.low * node.high) ** 0.5:.3g}")
    if node.kind == "int_uniform":
        return int(node.low + node.high) // 2
    return (node.low + node.high) / 2
