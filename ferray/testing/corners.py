"""Every component at every corner of its parameters."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

from ferray.registry import Params, Room

_MOST_CORNERS = 128
_FAR_INTEGER = 10_000  # stands for "large" where a parameter has no upper bound


def corners(params: type[Params]) -> list[Params]:
    """The defaults, then the parameters at each combination of their extremes.

    An extreme is a bound (just inside it where the bound is excluded), each of the words of a choice, both booleans,
    and None where None is allowed. Past 128 combinations each parameter goes to its extremes alone. Parameters that
    must be given have the examples of their field; without any they raise pydantic's ValidationError.
    """
    schema = params.model_json_schema()
    extremes = {name: _extremes(inner) for name, inner in schema.get("properties", {}).items()}
    known = {name: values for name, values in extremes.items() if values}
    if math.prod(map(len, known.values())) <= _MOST_CORNERS:
        choices = [dict(zip(known, values, strict=True)) for values in itertools.product(*known.values())]
    else:
        choices = [{name: value} for name, values in known.items() for value in values]
    distinct: dict[str, Params] = {}
    given = {name: known[name][0] for name in schema.get("required", ()) if name in known}
    for choice in ({}, *choices):
        built = params.model_validate({**given, **choice})
        distinct.setdefault(built.model_dump_json(), built)
    return list(distinct.values())


def cases(room: Room) -> list[tuple[str, Params]]:
    """(name, parameters) of each component of a room at each of its corners, to parametrise a contract suite with."""
    return [(name, params) for name in room.names() for params in corners(room.params(name))]


def case_id(value: Any) -> str:
    """A readable pytest id for either half of a case."""
    return value.model_dump_json() if isinstance(value, Params) else str(value)


def check_params_survive_json(component: Any) -> None:
    """A configuration that went through JSON is the same configuration."""
    text = json.dumps(component.params.model_dump(mode="json"))
    assert component.Params.model_validate(json.loads(text)) == component.params


def _extremes(schema: dict[str, Any]) -> list[Any]:
    if "examples" in schema:  # of a parameter that must be given
        return list(schema["examples"])
    if "anyOf" in schema:
        return [value for option in schema["anyOf"] for value in _extremes(option)]
    kind = schema.get("type")
    if "enum" in schema or "const" in schema:
        return list(schema.get("enum", [schema.get("const")]))
    if kind == "null":
        return [None]
    if kind == "boolean":
        return [False, True]
    if kind in ("integer", "number"):
        return _bounds(schema, whole=kind == "integer")
    return []


def _bounds(schema: dict[str, Any], *, whole: bool) -> list[float]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = _inside(schema["exclusiveMinimum"], math.inf, whole=whole)
    if "exclusiveMaximum" in schema:
        high = _inside(schema["exclusiveMaximum"], -math.inf, whole=whole)
    if high is None and whole:
        high = max(low or 0, _FAR_INTEGER)
    return [value for value in (low, high) if value is not None]


def _inside(bound: float, towards: float, *, whole: bool) -> float:
    if whole:
        return bound + int(math.copysign(1, towards))
    # The very next number above 0 is a denormal, which no parameter means.
    return 1e-6 if bound == 0 and towards > 0 else math.nextafter(bound, towards)
