"""The places of a raw space that choose a component: `base`, arms, and the options of a `one_of`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ferray.config.sweep import SweepSpec
from ferray.config.tree import split_component
from ferray.config.trial import COMPONENT_FIELDS, Component, TrialConfig
from ferray.errors import ConfigError
from ferray.registry import ROOMS

AT_THE_TOP: dict[str, type[Component]] = {
    name: field.annotation
    for name, field in SweepSpec.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Component)
}
CHOICES = {**COMPONENT_FIELDS, **AT_THE_TOP}


@dataclass(frozen=True)
class Holder:
    """One place that chooses a component for `field`; `where` is what a note calls it, "" for `base` or the top."""

    where: str
    field: str
    place: Any  # a mapping, or the list of a `one_of`
    index: Any

    @property
    def component(self) -> tuple[str, dict[str, Any]]:
        """Its name and its parameters as they are written."""
        is_written = isinstance(self.place, list) or self.place.get(self.index) is not None
        return split_component(self.place[self.index] if is_written else _default_of(self.field))

    @property
    def known(self) -> set[str]:
        """The parameters that its component has."""
        return set(ROOMS[CHOICES[self.field].ROOM].params(self.component[0]).model_fields)

    @property
    def is_option(self) -> bool:
        return isinstance(self.place, list)

    def put(self, parameter: str, value: Any) -> None:
        """Give one of its component's parameters a value, or a node."""
        name, params = self.component
        self.place[self.index] = {name: {**params, parameter: value}}

    def drop(self, parameter: str) -> None:
        """Leave the parameter to whatever else gives it a value."""
        name, params = self.component
        if parameter in params:
            self.place[self.index] = {name: {key: kept for key, kept in params.items() if key != parameter}}


def holders_of(raw: dict[str, Any], field: str) -> list[Holder]:
    """Every place that chooses the component of `field` in some trial."""
    node, arms = mapping(raw, "space").get(field), arms_of(raw)
    options = node.get("one_of") if isinstance(node, dict) else None
    if isinstance(options, list):
        return [Holder(f"`{_name(option)}`", field, options, index) for index, option in enumerate(options)]
    found = [Holder(f"the arm `{name}`", field, arm, field) for name, arm in arms.items() if field in arm]
    if not arms or len(found) < len(arms):
        found.append(Holder("", field, place_of(raw, field), field))
    return found


def place_of(raw: dict[str, Any], field: str) -> dict[str, Any]:
    """The mapping that holds a fixed field: the space itself for what stands at its top, else its `base`."""
    return raw if field == "dataset" or field in AT_THE_TOP else mapping(raw, "base")


def mapping(raw: dict[str, Any], key: str) -> dict[str, Any]:
    """The mapping under `key`, made where there is none; ConfigError where it is something else."""
    if raw.get(key) is None:
        raw[key] = {}
    if not isinstance(raw[key], dict):
        raise ConfigError(f"`{key}` must hold keys, not `{raw[key]}`")
    found: dict[str, Any] = raw[key]
    return found


def arms_of(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The arms by name; none where the space has none, which then stays without the key."""
    return mapping(raw, "arms") if raw.get("arms") else {}


def merge_twins(options: list[Any]) -> bool:
    """Leave out the options that say the same as one before; whether there were any."""
    distinct = [option for index, option in enumerate(options) if _spelt(option) not in map(_spelt, options[:index])]
    had_twins = len(distinct) < len(options)
    options[:] = distinct
    return had_twins


def _default_of(field: str) -> Any:
    fields = SweepSpec.model_fields if field in AT_THE_TOP else TrialConfig.model_fields
    return fields[field].default


def _spelt(option: Any) -> tuple[str, dict[str, Any]]:
    return split_component(option)


def _name(option: Any) -> str:
    return split_component(option)[0]
