"""How a node of a search space becomes a question to Optuna."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from ferray.config.space import Choice, Node, OneOf, Seeds
from ferray.study.recovery import counts


def suggest(trial: optuna.Trial, name: str, node: Node) -> Any:
    """The value Optuna proposes for `node`, under its full name: a value, or the label of a component."""
    asked = distribution_of(node)
    if isinstance(asked, CategoricalDistribution):
        return trial.suggest_categorical(name, asked.choices)
    if isinstance(asked, IntDistribution):
        return trial.suggest_int(name, asked.low, asked.high)
    return trial.suggest_float(name, asked.low, asked.high, log=asked.log)


def distribution_of(node: Node) -> CategoricalDistribution | IntDistribution | FloatDistribution:
    """What Optuna is asked for."""
    if isinstance(node, OneOf):
        return CategoricalDistribution(node.labels)
    if isinstance(node, Choice):
        return CategoricalDistribution(node.values)
    if isinstance(node, Seeds):  # a range, since Optuna lets no trial have other choices than those before it
        return IntDistribution(node.values[0], node.values[-1])
    if node.kind == "int_uniform":
        return IntDistribution(int(node.low), int(node.high))
    return FloatDistribution(float(node.low), float(node.high), log=node.kind == "log_uniform")


def grid_combinations(nodes: dict[str, Node]) -> list[dict[str, Any]]:
    """Every combination of the `grid` nodes, in their written order; one empty combination where there are none."""
    grids: dict[str, tuple[Any, ...]] = {}
    for name, node in nodes.items():
        if isinstance(node, Seeds) or (isinstance(node, Choice) and node.exhaustive):
            grids[name] = node.values
    return [dict(zip(grids, values, strict=True)) for values in itertools.product(*grids.values())]


def next_in_grid(grid: Sequence[dict[str, Any]], trials: Iterable[FrozenTrial]) -> dict[str, Any]:
    """The combination that the fewest trials have, the first of them in written order; failed ones have had it."""
    names = grid[0].keys()
    asked: Counter[tuple[Any, ...]] = Counter()
    for trial in trials:
        if trial.state is TrialState.RUNNING or counts(trial):
            params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
            if names <= params.keys():
                asked[tuple(params[name] for name in names)] += 1
    return min(grid, key=lambda combination: asked[tuple(combination.values())])
