"""Every key of a space and of a trial, read from the classes that check them: values, default and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ferray.config.holders import CHOICES
from ferray.config.meant_keys import component_fields, key_hint
from ferray.config.sweep import SweepSpec
from ferray.config.synonyms import meant_key
from ferray.config.trial import TrialConfig
from ferray.config.yaml import flow
from ferray.errors import ConfigError
from ferray.registry import ROOMS, Params

OF_SPACE, OF_TRIAL = "A space", "A trial: the keys of `base`, `space` and `arms`"
_WORDS = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text", "null": "null"}
_ITEMS = {"string": "text", "object": "keys"}
_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
_ROOM_OF = {choice.__name__: ROOMS[choice.ROOM] for choice in CHOICES.values()}
_PROGRAM = "ferray"  # on a page that is the same wherever it is written
_HEADING = (
    "# Keys",
    "",
    f"Written by `{_PROGRAM} show keys --markdown` from the classes that check a space. "
    f"`{_PROGRAM} show keys optimizer`",
    "prints a part. A key may leave a component's name out: `head.dropout` speaks of whichever head a trial has.",
)


@dataclass(frozen=True)
class Key:
    """One key. `default` is as YAML has it, "" where the key must be given; `details` is what is left of its story."""

    section: str
    name: str
    values: str
    default: str
    summary: str
    details: str = ""


def all_keys() -> Iterator[Key]:
    """Those of a space, of a trial, and of every component; importing components takes seconds."""
    yield from keys_of(SweepSpec, OF_SPACE)
    yield from keys_of(TrialConfig, OF_TRIAL)
    for field in CHOICES:
        yield from _keys_of_components(field)


def keys_under(start: str) -> list[Key]:
    """The keys that are `start` or lie below it (`optimizer`, `imbalance.focal`, `focal`, `head.dropout`, `lr`).

    All for ""; ConfigError where there is none.
    """
    if not start:
        return list(all_keys())
    found = _lying_under(start) or _ending_in(start) or _lying_under(meant_key(start))
    if not found:
        found = [key for field in component_fields(start) for key in _lying_under(f"{field}.{start}")]
    if not found:
        raise ConfigError(f"there is no key `{start}`", key_hint(start))
    return found


def _lying_under(start: str) -> list[Key]:
    field, *rest = start.split(".")
    keys = [*keys_of(SweepSpec, OF_SPACE), *keys_of(TrialConfig, OF_TRIAL)]
    keys += _keys_of_components(field) if field in CHOICES else []
    return [key for key in keys if _lies_under(key.name.split("."), field, rest)]


def _ending_in(end: str) -> list[Key]:
    return [key for key in all_keys() if key.name.endswith(f".{end}")]


def keys_of_component(room: str, name: str, *, prefix: str = "") -> list[Key]:
    """The parameters of one component of a room, each behind `prefix`."""
    return keys_of(ROOMS[room].params(name), f"`{room}: {name}`", prefix)


def keys_of(model: type[Params], section: str, prefix: str = "") -> list[Key]:
    """The fields of a class of parameters, and of those inside it, in their order."""
    return list(_keys_in(model.model_json_schema(), section, prefix))


def _keys_of_components(field: str) -> Iterator[Key]:
    """First what all components of the room have, such as the splits of a data set, then each one's own."""
    room = CHOICES[field].ROOM
    each = {name: keys_of_component(room, name, prefix=f"{field}.{name}.") for name in ROOMS[room].names()}
    shared = set.intersection(*({_own(key) for key in keys} for keys in each.values()))
    first = next(iter(each.values()))
    yield from (replace(key, section=f"Every `{field}`", name=_own(key).name) for key in first if _own(key) in shared)
    for keys in each.values():
        yield from (key for key in keys if _own(key) not in shared)


def _own(key: Key) -> Key:
    """The key of whichever component a trial has."""
    field, _, parameter = key.name.split(".", 2)
    return replace(key, section="", name=f"{field}.{parameter}")


def _lies_under(name: list[str], field: str, rest: list[str]) -> bool:
    return name[0] == field and all(part in name[1:] for part in rest)


def _keys_in(schema: dict[str, Any], section: str, prefix: str) -> Iterator[Key]:
    definitions = schema.get("$defs", {})
    for name, field in schema.get("properties", {}).items():
        inner = _group_in(field, definitions)
        told = field.get("description") or (inner or {}).get("description", "")
        summary, _, details = told.partition("\n\n")
        default = "" if inner and field.get("default") is not None else _yaml_default(field)
        values = "keys" if inner else " or ".join(_values_of(field, definitions))
        yield Key(section, f"{prefix}{name}", values, default, " ".join(summary.split()), " ".join(details.split()))
        if inner:
            yield from _keys_in({**inner, "$defs": definitions}, section, f"{prefix}{name}.")


def _group_in(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the keys inside a field, None where its values are plain or a component."""
    for kind in (field, *field.get("anyOf", ()), field.get("items", {})):
        name = kind.get("$ref", "").rpartition("/")[2]
        if name and name not in _ROOM_OF and "properties" in definitions[name]:
            found: dict[str, Any] = definitions[name]
            return found
    return None


def _values_of(kind: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """What a field takes, a phrase for each kind of value, null last."""
    if "anyOf" in kind:
        phrases = [phrase for inner in kind["anyOf"] for phrase in _values_of(inner, definitions)]
        return sorted(phrases, key=lambda phrase: phrase == "null")
    room = _ROOM_OF.get(kind.get("$ref", "").rpartition("/")[2])
    listed = room.names() if room else kind.get("enum", [kind["const"]] if "const" in kind else [])
    if listed:
        return [", ".join(f"`{value}`" for value in listed)]
    if kind.get("type") == "array" and kind["items"].get("$ref", "").rpartition("/")[2] in _ROOM_OF:
        return ["list of components"]
    if kind.get("type") == "array":
        return [f"list of {_ITEMS.get(kind['items'].get('type'), 'numbers')}"]
    word, bounds = _WORDS.get(kind.get("type", ""), "keys"), ", ".join(_bounds_of(kind))
    return [f"{word} ({bounds})" if bounds else word]


def _bounds_of(kind: dict[str, Any]) -> list[str]:
    if {"minimum", "maximum"} <= kind.keys():
        return [f"{_number(kind['minimum'])} to {_number(kind['maximum'])}"]
    return [f"{word} {_number(kind[bound])}" for bound, word in _BOUNDS.items() if bound in kind]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3g}"


def _yaml_default(field: dict[str, Any]) -> str:
    return flow(field["default"]) if "default" in field else ""


def keys_page(keys: Sequence[Key]) -> str:
    """The keys as a page of Markdown, a table for each section."""
    lines = [*_HEADING]
    for section in dict.fromkeys(key.section for key in keys):
        lines += ["", f"## {section}", "", "| key | default | values | |", "|---|---|---|---|"]
        lines += [_row(key) for key in keys if key.section == section]
    return "\n".join(lines) + "\n"


def _row(key: Key) -> str:
    default = f"`{key.default}`" if key.default else ""
    told = " ".join(filter(None, (key.summary, key.details)))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{key.name}`", default, key.values, told)) + " |"
