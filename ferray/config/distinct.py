"""What is different in a space; a trial that is proposed twice is trained with another seed the second time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ferray.config.space import ARM, Node, Numbers, OneOf
from ferray.config.stages import STAGES
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


def varied_stages_warning(spec: SweepSpec) -> str:
    """What is said of keys that vary the first stage because it inherits them, so that trials share none; or ""."""
    if not any(STAGES in keys for keys in (spec.base, *spec.arms.values())):
        return ""
    varying = [key for key in spec.nodes if not key.startswith(f"{STAGES}.") and key not in ("seed", ARM)]
    keys = [key for key in varying if len(_first_recipes(spec, key)) > 1]
    if not keys:
        return ""
    named = ", ".join(f"`{key}`" for key in keys)
    last = next(config for config in _configs(spec, keys[0]) if config.stages).num_stages - 1
    return (
        f"the first stage has the {named} of its trial and is trained again for each value: "
        f"search `{STAGES}.{last}.{keys[0]}` to share it, or give the first stage its own"
    )


def _first_recipes(spec: SweepSpec, key: str) -> set[str]:
    """The recipes of the first stage with each extreme of one key, everything else at its first."""
    return {config.earlier_stages[0].recipe for config in _configs(spec, key) if config.stages}


def _configs(spec: SweepSpec, key: str) -> list[TrialConfig]:
    extremes = spec.nodes[key].extremes()
    arms = spec.nodes[ARM].extremes() if ARM in spec.nodes else [None]

    def first(name: str, node: Node, arm: Any, value: Any) -> Any:
        return arm if name == ARM else value if name == key else node.extremes()[0]

    return [
        spec.config(lambda name, node, arm=arm, value=value: first(name, node, arm, value))
        for arm in arms
        for value in extremes
    ]
