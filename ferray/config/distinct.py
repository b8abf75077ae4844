"""What is different in a space; a trial that is proposed twice is trained with another seed the second time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ferray.config.space import Node, Numbers, OneOf
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig


def unique_by(configs: Sequence[TrialConfig], key: Callable[[TrialConfig], str]) -> list[TrialConfig]:
    """The first configuration of each key, in order."""
    return list({key(config): config for config in reversed(configs)}.values())[::-1]


def num_distinct(nodes: Iterable[Node]) -> float:
    """Combinations of what these nodes may be; infinite where one is a range of real numbers."""
    return math.prod(map(_num_values, nodes))


def _num_values(node: Node) -> float:
    if isinstance(node, OneOf):
        return sum(num_distinct(_nodes_among(params.values())) for _, params in node.trees)
    if not isinstance(node, Numbers):
        return len(node.values)
    if node.kind == "int_uniform":
        return int(node.high) - int(node.low) + 1
    return math.inf if node.high > node.low else 1


def _nodes_among(values: Iterable[Any]) -> list[Node]:
    return [value for value in values if isinstance(value, Node)]


def repeats_warning(spec: SweepSpec) -> str:
    """What is said of a sweep that asks for more trials than there are different ones; "" of any other."""
    asked, distinct = spec.budget.trials, num_distinct(spec.nodes.values())
    if asked <= distinct:
        return ""
    if "seed" in spec.nodes:
        return f"the space holds `{distinct:.0f}` different trials and `{asked}` are asked for: the rest repeat them"
    if distinct == 1:
        return f"nothing is searched: all `{asked}` trials are the same but for their seeds"
    return f"the space holds `{distinct:.0f}` different trials and `{asked}` are asked for: the rest have other seeds"
