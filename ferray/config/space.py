"""Search spaces: one-key nodes over the keys of `TrialConfig`, and how a choice for each node makes a configuration.

A space maps a key such as `optimizer.lr` to a node: `{uniform: [a, b]}`, `{log_uniform: [a, b]}`,
`{int_uniform: [a, b]}`, `{choice: [...]}`, `{grid: [...]}` (every combination is tried) or `{one_of: [...]}` over
components whose own parameters may be nodes again. The name of a nested parameter is its path: `imbalance.focal.gamma`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ferray.config.meant_keys import key_hint
from ferray.config.stages import OF_THE_WHOLE, STAGES, key_in_stage, put_in_stage, stage_key
from ferray.config.tree import put, split_component
from ferray.config.trial import COMPONENT_FIELDS, TrialConfig, group_keys
from ferray.errors import did_you_mean

MOST_OPTIONS = 1000  # in a list or a set of arms: more are a mistake, and cost minutes before anybody sees it
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Numbers:
    """A range of numbers, both ends included."""

    kind: str  # uniform | log_uniform | int_uniform
    low: float
    high: float

    def extremes(self) -> list[Any]:
        """Both ends, and inside a range of real numbers one that is not whole: a key that wants whole ones says so."""
        inner = [self.low + 0.381966 * (self.high - self.low)] if self.kind != "int_uniform" else []
        return [self.low, *inner, self.high] if self.high > self.low else [self.low]

    def middle(self) -> int | float:
        """Half of the way from one end to the other, of a logarithmic range by its logarithm."""
        if self.kind == "int_uniform":
            return int(self.low + self.high) // 2
        if self.kind == "log_uniform":
            return min(self.high, max(self.low, math.sqrt(self.low) * math.sqrt(self.high)))
        return self.low + (self.high - self.low) / 2


@dataclass(frozen=True)
class Choice:
    """One of a few plain values; `exhaustive` (a `grid` node) asks for every one in turn."""

    values: tuple[Scalar, ...]
    exhaustive: bool = False

    def extremes(self) -> list[Any]:
        return list(self.values)

    def middle(self) -> Scalar:
        """Of numbers the one in the middle, the smaller of two; of anything else the first."""
        numbers = [value for value in self.values if isinstance(value, int | float) and not isinstance(value, bool)]
        if len(numbers) < len(self.values):
            return self.values[0]
        return sorted(numbers)[(len(numbers) - 1) // 2]


@dataclass(frozen=True)
class OneOf:
    """One of a few components, each with a unique label; trees may hold nodes among the parameters."""

    labels: tuple[str, ...]
    trees: tuple[tuple[str, dict[str, Any]], ...]  # (component name, params)

    def extremes(self) -> list[Any]:
        return list(self.labels)

    def middle(self) -> str:
        """The first, which spaces have for the plainest."""
        return self.labels[0]


@dataclass(frozen=True)
class Seeds:
    """So many seeds counted on from the first, every one asked for in turn; a sweep may be given more of them later."""

    first: int
    count: int

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.first + self.count))

    def extremes(self) -> list[Any]:
        return sorted({self.values[0], self.values[-1]})

    def middle(self) -> int:
        return self.first


Node = Numbers | Choice | OneOf | Seeds
Pick = Callable[[str, Node], Any]

AT_THE_TOP = ("name", "objective", "budget", "sampler", "pruner", "base", "space", "arms", "seeds", "after", "quick")
ARM = "arm"  # the name under which a sweep's arms are chosen among
NODE_KINDS = ("uniform", "log_uniform", "int_uniform", "choice", "one_of", "grid")


class SpaceError(ValueError):
    """Every problem of a space, one a line, each `key: what is wrong`."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def parse_space(raw: dict[str, Any]) -> dict[str, Node]:
    """Nodes by key, components before their parameters; SpaceError lists all problems."""
    problems: list[str] = []
    nodes: dict[str, Node] = {}
    for key, value in raw.items():
        problem = unknown_key(key)
        if problem:
            problems.append(f"{key}: {problem}")
            continue
        node = _parse_node(value, key, problems)
        if node is not None:
            nodes[key] = node
    if problems:
        raise SpaceError(problems)
    return dict(sorted(nodes.items(), key=lambda item: item[0].count(".")))


def unknown_key(key: str) -> str:
    """Why `key` addresses nothing in a `TrialConfig`, "" when its first two parts do (parameters are checked later)."""
    first, *rest = key.split(".")
    if first in AT_THE_TOP:
        return f"`{first}` is not a key of a trial, it stands at the top of a space"
    if first not in TrialConfig.model_fields:
        return f"`{first}` is not a key of a trial; {key_hint(key)}"
    if first == STAGES and rest:
        return _unknown_in_stage(key)
    inner = group_keys(first)
    if rest and first not in COMPONENT_FIELDS and rest[0] not in inner:
        return f"`{rest[0]}` is not a key of {first}" + (f"; {key_hint(key)}" if inner else "")
    deepest = 2 if first in COMPONENT_FIELDS else 1
    return f"`{key}` goes deeper than `{'.'.join([first, *rest[:deepest]])}`" if len(rest) > deepest else ""


def _unknown_in_stage(key: str) -> str:
    """Why a key below `stages` addresses nothing, "" when it speaks of a key that a stage has."""
    found = stage_key(key)
    if found is None:
        return f"`{key}` names no key of a stage; the learning rate of the first one is `stages.0.optimizer.lr`"
    field = found.key.split(".")[0]
    if field in OF_THE_WHOLE:
        return f"{OF_THE_WHOLE[field]}; write `{field}` beside `stages`"
    return unknown_key(found.key)


def is_node(value: Any) -> bool:
    """Whether a plain tree is a one-key node such as `{uniform: [0, 1]}`."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in NODE_KINDS


def _parse_node(value: Any, path: str, problems: list[str]) -> Node | None:
    if not (isinstance(value, dict) and len(value) == 1):
        problems.append(f"{path}: expected one of {{{', '.join(NODE_KINDS)}}}, not `{value}`")
        return None
    ((kind, argument),) = value.items()
    if kind not in NODE_KINDS:
        problems.append(f"{path}: `{kind}` is not a distribution; {did_you_mean(str(kind), NODE_KINDS)}")
        return None
    if not isinstance(argument, list) or not argument:
        problems.append(f"{path}: `{kind}` takes a list, not `{argument}`")
        return None
    if len(argument) > MOST_OPTIONS:
        problems.append(f"{path}: `{kind}` lists `{len(argument):,}` options, at most `{MOST_OPTIONS:,}` are read")
        return None
    if kind == "one_of":
        return _parse_one_of(argument, path, problems)
    if kind in ("choice", "grid"):
        return _parse_choice(argument, path, problems, exhaustive=kind == "grid")
    return _parse_numbers(kind, argument, path, problems)


def _parse_numbers(kind: str, argument: list[Any], path: str, problems: list[str]) -> Numbers | None:
    wanted: tuple[type, ...] = (int,) if kind == "int_uniform" else (int, float)
    numeric = all(isinstance(end, wanted) and not isinstance(end, bool) for end in argument)
    if len(argument) != 2 or not numeric:
        word = "whole numbers" if kind == "int_uniform" else "numbers"
        problems.append(f"{path}: `{kind}` takes two {word} [low, high], not `{argument}`")
        return None
    low, high = argument
    if not low <= high:
        problems.append(f"{path}: `{kind}` runs from `{low}` down to `{high}`, the low end comes first")
        return None
    if kind == "log_uniform" and low <= 0:
        problems.append(f"{path}: `log_uniform` starts at `{low}`, it needs a low end above 0")
        return None
    return Numbers(kind, low, high)


def _parse_choice(argument: list[Any], path: str, problems: list[str], *, exhaustive: bool) -> Choice | None:
    if key_in_stage(path) in COMPONENT_FIELDS or not all(
        isinstance(v, str | int | float | bool | None) for v in argument
    ):
        problems.append(f"{path}: components go under `one_of`, `choice` and `grid` take plain values")
        return None
    if len(set(argument)) != len(argument):
        problems.append(f"{path}: the same value stands twice in `{argument}`")
        return None
    return Choice(tuple(argument), exhaustive)


def _parse_one_of(argument: list[Any], path: str, problems: list[str]) -> OneOf | None:
    if key_in_stage(path) not in COMPONENT_FIELDS:
        problems.append(f"{path}: `one_of` chooses among components ({', '.join(COMPONENT_FIELDS)}); use `choice`")
        return None
    options: list[tuple[str, dict[str, Any]]] = []
    for option in argument:
        try:
            name, params = split_component(option)
        except ValueError as error:
            problems.append(f"{path}: {error}")
            return None
        parsed = {key: _parse_inner(value, f"{path}.{name}.{key}", problems) for key, value in params.items()}
        options.append((name, parsed))
    labels = tuple(_label(option, options) for option in options)
    if len(set(labels)) != len(labels):
        problems.append(f"{path}: two options of `one_of` are the same")
        return None
    return OneOf(labels, tuple(options))


def _parse_inner(value: Any, path: str, problems: list[str]) -> Any:
    if is_node(value):
        if "grid" in value:
            problems.append(f"{path}: `grid` stands at the top of a space only; use `choice` inside a component")
        return _parse_node(value, path, problems)
    if isinstance(value, dict) and len(value) == 1:
        key = str(next(iter(value)))
        hint = did_you_mean(key, NODE_KINDS)
        if hint.startswith("did you mean"):
            problems.append(f"{path}: `{key}` is not a distribution; {hint}")
    return value


def _label(option: tuple[str, dict[str, Any]], options: list[tuple[str, dict[str, Any]]]) -> str:
    """The component's name, with its plain parameters where several options share the name: `timm name=resnet50`."""
    name, params = option
    twins = [other for other in options if other[0] == name]
    if len(twins) == 1:
        return name
    plain = [f"{key}={value}" for key, value in params.items() if not isinstance(value, Numbers | Choice | OneOf)]
    return " ".join([name, *plain])


def resolve(nodes: dict[str, Node], base: dict[str, Any], pick: Pick) -> dict[str, Any]:
    """The plain configuration that `pick(name, node)` chooses: a value, or a label for `one_of`."""
    tree: dict[str, Any] = {key: _copy(value) for key, value in base.items() if "." not in key}
    dotted = {key: value for key, value in base.items() if "." in key and key not in nodes}
    for key in sorted({**nodes, **dotted}, key=lambda key: key.count(".")):
        assign(tree, key, _resolve_node(nodes[key], key, pick) if key in nodes else _copy(dotted[key]))
    return tree


def _resolve_node(node: Node, name: str, pick: Pick) -> Any:
    picked = pick(name, node)
    if not isinstance(node, OneOf):
        return picked
    component, params = node.trees[node.labels.index(picked)]
    return {
        component: {
            key: _resolve_node(value, f"{name}.{picked}.{key}", pick)
            if isinstance(value, Numbers | Choice | OneOf)
            else _copy(value)
            for key, value in params.items()
        }
    }


def assign(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set `key` in a plain configuration tree. Below a component, it speaks of the parameters of the chosen one.

    ValueError where the key names another component than the chosen one, or a stage that the trial does not have.
    """
    if stage_key(key):
        put_in_stage(tree, key, value)
    else:
        put(tree, key, value, {field: TrialConfig.model_fields[field].default for field in COMPONENT_FIELDS})


def num_combinations(raw: dict[str, Any]) -> int:
    """How many trials try every combination of the arms, seeds and grids of a raw space, whatever else is wrong."""
    space = raw.get("space")
    nodes = space.values() if isinstance(space, dict) else []
    grids = [node["grid"] for node in nodes if isinstance(node, dict) and isinstance(node.get("grid"), list)]
    seeds = raw.get("seeds")
    counts = [len(values) for values in [*grids, raw.get("arms") or ()]]
    return math.prod(max(1, count) for count in [*counts, seeds if isinstance(seeds, int) else 1])


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
