"""What a dotted key speaks of, and where two entries of a space would give one parameter a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ferray.config.stages import STAGES, key_in_stage, stage_key
from ferray.config.tree import split_component
from ferray.config.trial import COMPONENT_FIELDS, TrialConfig, group_keys


@dataclass(frozen=True)
class Address:
    """A field of a trial, or one parameter in it: that of one component, or of whichever the trial has.

    `optimizer.lr` and `head.dropout` name no component, `head.linear.dropout` does. Of a stage, `stages.0.optimizer`
    is the field.
    """

    field: str
    component: str | None = None
    parameter: str | None = None

    @classmethod
    def of(cls, key: str) -> Address:
        """The address that a key spells; what goes deeper than a parameter is refused elsewhere."""
        field, *rest = key_in_stage(key).split(".")
        if stage := stage_key(key):
            field = f"{STAGES}.{stage.number}.{field}"
        return cls(field, rest[0] if len(rest) > 1 else None, rest[-1] if rest else None)

    def meets(self, other: Address) -> bool:
        """Whether both may speak of one value."""
        same = self.field == other.field and self.parameter == other.parameter
        return same and (self.component == other.component or None in (self.component, other.component))

    def __str__(self) -> str:
        return ".".join(filter(None, (self.field, self.component, self.parameter)))


def options_of(value: Any) -> list[Any]:
    """The components that an entry of a space names: those of its `one_of`, or itself."""
    if isinstance(value, Mapping) and isinstance(value.get("one_of"), list):
        return list(value["one_of"])
    return [value]


def given(key: str, value: Any) -> Iterator[Address]:
    """Every parameter to which the entry `key: value` of `base`, `space` or an arm gives a value, searched or fixed."""
    address = Address.of(key)
    if address.parameter is not None:
        yield address
    elif key_in_stage(key) in COMPONENT_FIELDS:
        for option in options_of(value):
            name, params = _component_or_nothing(option)
            yield from (Address(key, name, parameter) for parameter in params)
    elif value is None or isinstance(value, Mapping):
        yield from (Address(key, None, inner) for inner in (value or _spoken_of(key_in_stage(key), value)))


def _spoken_of(field: str, value: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The keys of a group that is switched off, or on as it comes; a group without a switch says nothing by `{}`."""
    is_switch = field in TrialConfig.model_fields and TrialConfig.model_fields[field].default is None
    return group_keys(field) if value is None or is_switch else ()


def overlaid(base: Mapping[str, Any], arm: Mapping[str, Any]) -> dict[str, Any]:
    """An arm laid over `base`: its keys win, also over a longer key of `base` that gives the same parameter a value."""
    won = [address for key, value in arm.items() for address in given(key, value)]
    kept = {key: value for key, value in base.items() if not ("." in key and _met(Address.of(key), won))}
    if STAGES in arm:
        kept = {key: value for key, value in kept.items() if stage_key(key) is None}
    return {**kept, **arm}


def contradictions(fixed: Mapping[str, Mapping[str, Any]], space: Mapping[str, Any], *, dataset: Any) -> list[str]:
    """A line for each parameter to which two entries give a value, so that one of them would be passed over.

    `fixed` are the keys of `base` and of each arm, by place. A longer key goes over the shorter one beside it.
    """
    fixed = {place: _with_stages_spread(keys) for place, keys in fixed.items()}
    lines = [f"{key}: stands in `{place}` and in `space`" for place in fixed for key in _in_both(fixed[place], space)]
    inside = {key: value for key, value in space.items() if "." in key}
    whole = {key: value for key, value in space.items() if "." not in key}
    lines += [f"{key}: is given in `dataset` and in `space`" for key in _in_both({"dataset": dataset}, inside)]
    lines += [f"{key}: is searched twice in `space`" for key in _in_both(inside, whole)]
    for place, keys in {**fixed, "space": space}.items():
        lines += [f"{key}: is given twice in `{place}`, once under a longer name" for key in _under_two_names(keys)]
    return lines


def _with_stages_spread(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries with a key for each that stands in a list of stages: `stages.0.epochs`."""
    stages = entries.get(STAGES)
    listed = list(enumerate(stages)) if isinstance(stages, list) else []
    inner = {f"{STAGES}.{number}.{key}": value for number, keys in listed for key, value in dict(keys).items()}
    return {**{key: value for key, value in entries.items() if key != STAGES or not listed}, **inner}


def _in_both(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    same = [key for key in first if key in second]
    known = [address for key, value in second.items() for address in given(key, value)]
    others = [(key, value) for key, value in first.items() if key not in same]
    inner = {str(address) for key, value in others for address in given(key, value) if _met(address, known)}
    return same + sorted(inner)


def _under_two_names(entries: Mapping[str, Any]) -> list[str]:
    """`head.dropout` where `head.linear.dropout` stands beside it."""
    keys = {key: Address.of(key) for key in entries if "." in key}
    short = {key: address for key, address in keys.items() if address.component is None}
    return [key for key in short if any(key != other and short[key].meets(keys[other]) for other in keys)]


def _met(address: Address, others: list[Address]) -> bool:
    return any(address.meets(other) for other in others)


def _component_or_nothing(value: Any) -> tuple[str, dict[str, Any]]:
    try:
        return split_component(value)
    except ValueError:
        return "", {}


def forget(keys: dict[str, Any], address: Address) -> list[str]:
    """Delete the keys that speak of the address, or lie below it; which they were."""
    met = [key for key in keys if _lies_in(Address.of(key), address)]
    for key in met:
        del keys[key]
    return met


def _lies_in(inner: Address, outer: Address) -> bool:
    return inner.field == outer.field if outer.parameter is None else inner.meets(outer)
