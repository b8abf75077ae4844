"""Configurations as plain containers: a component as one key with its parameters, a value under a dotted key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MIX = "mix"  # the data set of data sets, whose list may stand without its key: `{mix: [{fer2013: {}}, {sfew: {}}]}`


def split_component(value: Any) -> tuple[str, dict[str, Any]]:
    """Name and parameters of `focal`, `{focal: {gamma: 2}}` or a `Component`; ValueError for any other shape."""
    if hasattr(value, "name") and hasattr(value, "params"):
        return value.name, dict(value.params)
    if isinstance(value, str):
        return value, {}
    if isinstance(value, dict) and len(value) == 1:
        ((name, params),) = value.items()
        if isinstance(name, str) and (params is None or isinstance(params, dict)):
            return name, dict(params or {})
        if name == MIX and isinstance(params, list):
            return name, {"of": params}
    raise ValueError(f"expected a name or one key with its parameters, such as `{{name: {{}}}}`, not `{value}`")


def put(tree: dict[str, Any], key: str, value: Any, components: Mapping[str, Any]) -> None:
    """Set `key` in a tree, whose fields that choose a component are those of `components`, with their defaults.

    Below such a field it speaks of the parameters of the chosen component. ValueError where it names another one.
    """
    first, *rest = key.split(".")
    if not rest:
        tree[first] = value
        return
    if first not in components:
        branch = tree.get(first)
        tree[first] = {**branch, rest[0]: value} if isinstance(branch, dict) else {rest[0]: value}
        return
    name, params = split_component(tree.get(first, components[first]))
    if len(rest) > 1:
        if rest[0] != name:
            raise ValueError(f"`{key}` speaks of `{rest[0]}`, but {first} is `{name}`")
        rest = rest[1:]
    tree[first] = {name: {**params, rest[0]: value}}


def lay_over(tree: Mapping[str, Any], keys: Mapping[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with these keys in it: of a group those inside it one by one, a component as a whole."""
    laid = dict(tree)
    for key in sorted(keys, key=lambda key: key.count(".")):
        value, former = keys[key], laid.get(key)
        is_group = key not in components and isinstance(value, Mapping) and isinstance(former, Mapping)
        put(laid, key, {**former, **value} if is_group and former else value, components)
    return laid
