"""The searched parameters as the axes of figures: how wide each is, and how its values lie on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ferray.config.option_names import OptionNames, names_on_axis, option_names, told_key
from ferray.config.readable import readable_value, short_names
from ferray.config.space import Choice, Node, Numbers, OneOf, Seeds
from ferray.study.records import TrialRecord

Scale = Literal["linear", "log", "names"]
WIDE = 100.0  # values above 0 that span more than this are shown by their logarithm where no space says otherwise


@dataclass(frozen=True)
class Axis:
    """One parameter. `low` and `high` are the ends of an axis of numbers, `names` the places of one of names."""

    name: str
    short: str
    scale: Scale
    low: float = 0.0
    high: float = 0.0
    names: tuple[str, ...] = ()

    @property
    def middle(self) -> float:
        """The value half-way along an axis of numbers."""
        return math.sqrt(self.low * self.high) if self.scale == "log" else (self.low + self.high) / 2

    def place(self, value: Any) -> float | str | None:
        """A value as figures place it: a number, or the name that stands on the axis; None for what lies on neither."""
        if self.scale == "names":
            return readable_value(value)
        return value if _is_number(value) and math.isfinite(value) else None


def axes_of(trials: Sequence[TrialRecord], nodes: Mapping[str, Node]) -> tuple[Axis, ...]:
    """An axis for each parameter that takes more than one value among the trials, in the order of the space.

    `nodes` are those of the space as far as it can be read; what they do not know is as wide as its values.
    """
    names = option_names(nodes)
    nodes = {told_key(name, names): node for name, node in nodes.items()}
    found: dict[str, list[Any]] = {name: [] for name in nodes}
    for trial in trials:
        for name, value in trial.told.items():
            found.setdefault(name, []).append(value)
    varied = {name: values for name, values in found.items() if len({readable_value(value) for value in values}) > 1}
    shorts = short_names(found)
    return tuple(_axis(name, shorts[name], values, nodes.get(name), names) for name, values in varied.items())


def _axis(name: str, short: str, values: list[Any], node: Node | None, names: OptionNames) -> Axis:
    if isinstance(node, Numbers):
        return Axis(name, short, "log" if node.kind == "log_uniform" else "linear", node.low, node.high)
    if isinstance(node, OneOf):
        return _names(name, short, tuple(names_on_axis(name, node, names)), values)
    if isinstance(node, Choice):
        return _names(name, short, _in_order(node.values), values)
    if isinstance(node, Seeds):
        return Axis(name, short, "linear", min(values), max(values))
    if all(map(_is_number, values)):
        return _numbers(name, short, values)
    return _names(name, short, (), values)


def _names(name: str, short: str, known: Sequence[Any], values: Sequence[Any]) -> Axis:
    """The names that the space has, and behind them what else occurs, as in trials of before it was changed."""
    return Axis(name, short, "names", names=tuple(dict.fromkeys(map(readable_value, [*known, *values]))))


def _in_order(values: Sequence[Any]) -> Sequence[Any]:
    """Numbers by their size, anything else as it was listed."""
    return sorted(values) if all(map(_is_number, values)) else values


def _numbers(name: str, short: str, values: Sequence[Any]) -> Axis:
    low, high = float(min(values)), float(max(values))
    return Axis(name, short, "log" if low > 0 and high / low > WIDE else "linear", low, high)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
