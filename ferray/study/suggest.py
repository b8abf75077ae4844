"""How a node of a search space becomes a question to Optuna."""

from __future__ import annotations

import itertools
from typing import Any

import optuna

from ferray.config.space import Choice, Node, OneOf, Seeds


def suggest(trial: optuna.Trial, name: str, node: Node) -> Any:
    """The value Optuna proposes for `node`, under its full name: a value, or the label of a component."""
    if isinstance(node, OneOf):
        return trial.suggest_categorical(name, node.labels)
    if isinstance(node, Choice):
        return trial.suggest_categorical(name, node.values)
    if isinstance(node, Seeds):  # a range, since Optuna lets no trial have other choices than those before it
        return trial.suggest_int(name, node.values[0], node.values[-1])
    if node.kind == "int_uniform":
        return trial.suggest_int(name, int(node.low), int(node.high))
    return trial.suggest_float(name, float(node.low), float(node.high), log=node.kind == "log_uniform")


def grid_combinations(nodes: dict[str, Node]) -> list[dict[str, Any]]:
    """Every combination of the `grid` nodes, in their written order; one empty combination where there are none."""
    grids: dict[str, tuple[Any, ...]] = {}
    for name, node in nodes.items():
        if isinstance(node, Seeds) or (isinstance(node, Choice) and node.exhaustive):
            grids[name] = node.values
    return [dict(zip(grids, values, strict=True)) for values in itertools.product(*grids.values())]
