"""Values as they are typed behind `--set`: a bare name that is no component, but that one of them takes."""

from __future__ import annotations

from typing import Any

from ferray.config.address import options_of
from ferray.config.holders import arms_of, mapping
from ferray.config.space import is_node
from ferray.config.tree import split_component
from ferray.config.trial import COMPONENT_FIELDS
from ferray.registry import ROOMS


def full_value(raw: dict[str, Any], key: str, value: Any) -> Any:
    """`{timm: {name: resnet18}}` for the backbone `resnet18`, as this space has it where it does; else `value` itself.

    What the space says of it beside its name, such as `pretrained: true`, is kept, and its searches with it.
    """
    if key not in COMPONENT_FIELDS or not isinstance(value, str):
        return value
    room = ROOMS[COMPONENT_FIELDS[key].ROOM]
    meant = None if value in room.names() else room.meaning(value)
    if meant is None or not _names(meant, value):
        return value
    here = next((option for option in _written(raw, key) if _is_a_case_of(option, meant)), meant)
    searches = any(is_node(inner) for inner in split_component(here)[1].values())
    return {"one_of": [here]} if searches else here


def _written(raw: dict[str, Any], key: str) -> list[Any]:
    """The components that the space writes for this field anywhere."""
    places = (mapping(raw, "base"), mapping(raw, "space"), *arms_of(raw).values())
    return [option for place in places if key in place for option in options_of(place[key])]


def _names(tree: dict[str, Any], value: str) -> bool:
    """Whether the component takes this very name, and not one that it resembles."""
    return value in split_component(tree)[1].values()


def _is_a_case_of(option: Any, meant: dict[str, Any]) -> bool:
    name, params = split_component(meant)
    other, written = split_component(option)
    return other == name and params.items() <= written.items()
