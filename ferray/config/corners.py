"""The corners of a space: every combination of components, and every parameter at each of its extremes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from ferray.config.group_values import with_offer
from ferray.config.space import ARM, Choice, Node, OneOf
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.config.wording import problem_lines

MOST_COMBINATIONS = 2000


def corner_problems(spec: SweepSpec) -> list[str]:
    """A line for each way in which a trial of this space could be invalid, without repetition."""
    lines: dict[str, None] = {}
    for _, result in corners(spec):
        for line in result if isinstance(result, list) else []:
            lines[line.replace(": is `", ": reaches `")] = None
    return [_place(line, spec) for line in lines]


def corners(spec: SweepSpec) -> Iterator[tuple[dict[str, Any], TrialConfig | list[str]]]:
    """Each corner as the choices made and the configuration they give, or the problems that it has."""
    for labels in _component_choices(spec.nodes):
        seen: dict[str, Node] = {}
        yield labels, _try(spec, labels, {}, seen)
        for name, node in list(seen.items()):
            for extreme in node.extremes()[1:]:
                yield labels, _try(spec, labels, {name: extreme}, {})


def _component_choices(nodes: dict[str, Node]) -> Iterator[dict[str, Any]]:
    """Every combination of components; where there are too many, each component beside the others' first ones."""
    tops: dict[str, tuple[Any, ...]] = {name: node.labels for name, node in nodes.items() if isinstance(node, OneOf)}
    arms = nodes.get(ARM)
    if isinstance(arms, Choice):
        tops[ARM] = arms.values
    if math.prod(map(len, tops.values())) <= MOST_COMBINATIONS:
        for labels in itertools.product(*tops.values()):
            yield dict(zip(tops, labels, strict=True))
        return
    first = {name: labels[0] for name, labels in tops.items()}
    yield first
    for name, labels in tops.items():
        yield from ({**first, name: label} for label in labels[1:])


def _try(
    spec: SweepSpec, labels: dict[str, Any], fixed: dict[str, Any], seen: dict[str, Node]
) -> TrialConfig | list[str]:
    def pick(name: str, node: Node) -> Any:
        if name in labels:
            return labels[name]
        seen[name] = node
        return fixed.get(name, node.extremes()[0])

    try:
        return spec.config(pick)
    except ValidationError as error:
        return [with_offer(line, ": ") for line in problem_lines(error, known=TrialConfig.model_fields)]
    except ValueError as error:
        return [str(error)]


def _place(line: str, spec: SweepSpec) -> str:
    """Say in which part of the file the key stands."""
    first = line.split(":", 1)[0].split(".")[0].strip("`")
    if first == "dataset":
        return line
    return f"space.{line}" if any(key.split(".")[0] == first for key in spec.space) else f"base.{line}"
