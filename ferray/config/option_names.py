"""What people are told of a component that was searched: the network itself where its component has many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ferray.config.readable import readable_value
from ferray.config.space import Node, OneOf
from ferray.config.tree import split_component

OptionNames = Mapping[str, Mapping[str, str]]  # of what a `one_of` chooses: its name by the label in the record
NAME = "name"  # the parameter by which a component says which of its many networks is meant


def own_name(component: Any) -> str:
    """`resnet50` of `{timm: {name: resnet50}}`, the component's name where it is one thing."""
    name, params = split_component(component)
    return _own_name(name, params)


def option_names(nodes: Mapping[str, Node]) -> dict[str, dict[str, str]]:
    """The names of those choices of which some are told otherwise than they are recorded."""
    choices = {key: node for key, node in nodes.items() if isinstance(node, OneOf)}
    names = {key: dict(zip(node.labels, names_of_options(node), strict=True)) for key, node in choices.items()}
    return {
        key: of_choice
        for key, of_choice in names.items()
        if any(label != name for label, name in of_choice.items()) or _searches_a_name(choices[key])
    }


def names_of_options(node: OneOf) -> tuple[str, ...]:
    """The own name of each option, and behind it what else tells it from others of that name."""
    own = [_own_name(*tree) for tree in node.trees]
    told = []
    for place, (name, (_, params)) in enumerate(zip(own, node.trees, strict=True)):
        twins = [other for at, (_, other) in enumerate(node.trees) if own[at] == name and at != place]
        words = [
            f"{key}={readable_value(value)}"
            for key, value in params.items()
            if key != NAME
            and not isinstance(value, Node)
            and any(key not in other or other[key] != value for other in twins)
        ]
        told.append(" ".join([name, *words]))
    return tuple(told) if len(set(told)) == len(told) else node.labels


def told_params(params: Mapping[str, Any], names: OptionNames) -> dict[str, Any]:
    """A trial's parameters as people are told them: options by their names, of which a searched one is a part.

    `{"backbone": "timm", "backbone.timm.name": "resnet18"}` is told as `{"backbone": "resnet18"}`.
    """
    parts = {f"{key}.{label}.{NAME}": key for key, label in params.items() if f"{key}.{label}.{NAME}" in params}
    told = {
        told_key(key, names): names.get(key, {}).get(str(value), value)
        for key, value in params.items()
        if key not in parts
    }
    for part, key in parts.items():
        told[key] = str(told[key]).replace(str(params[key]).split(" ", 1)[0], str(params[part]), 1)
    return told


def told_key(key: str, names: OptionNames) -> str:
    """A parameter inside an option by the option's name: `backbone.resnet50.drop_rate`."""
    for choice, of_choice in names.items():
        for label, name in of_choice.items():
            if key.startswith(f"{choice}.{label}."):
                return f"{choice}.{name}{key.removeprefix(f'{choice}.{label}')}"
    return key


def names_on_axis(key: str, node: OneOf, names: OptionNames) -> Iterator[Any]:
    """Everything that `told_params` may say of this choice, as far as the space knows it."""
    for label, (_, params) in zip(node.labels, node.trees, strict=True):
        searched = params.get(NAME)
        values = searched.extremes() if isinstance(searched, Node) else [None]
        for value in values:
            picked = {key: label} if value is None else {key: label, f"{key}.{label}.{NAME}": value}
            yield told_params(picked, names)[key]


def _searches_a_name(node: OneOf) -> bool:
    return any(isinstance(params.get(NAME), Node) for _, params in node.trees)


def _own_name(name: str, params: Mapping[str, Any]) -> str:
    return params[NAME] if isinstance(params.get(NAME), str) else name
