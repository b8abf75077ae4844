"""Which keys a spec of wandb-workspaces names, by the part of a run that each is in, read from its JSON alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Named = tuple[str, str]  # `config`, `summary`, `history` or `run`, and a key in it


def keys_named(spec: Any) -> set[Named]:
    """Every key in every panel, column, filter and order of a view's or a report's spec."""
    return {named for part in _parts(spec) for named in (*_in_panel(part), *_in_run_set(part))}


def _parts(spec: Any) -> Iterator[dict[str, Any]]:
    if isinstance(spec, dict):
        yield spec
        for value in spec.values():
            yield from _parts(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from _parts(value)


def _in_panel(part: dict[str, Any]) -> Iterator[Named]:
    config = part.get("config") or {}
    match part.get("viewType"):
        case "Run History Line Plot":
            yield from (("history", name) for name in (*config["metrics"], config["xAxis"]))
        case "Scatter Plot":
            yield from (_accessor(config[axis]) for axis in ("xAxis", "yAxis", "zAxis") if config.get(axis))
        case "Parallel Coordinates Plot":
            yield from (_accessor(column["accessor"]) for column in config["columns"])
        case "Parameter Importance":
            yield "summary", config["targetKey"]
        case "Vega2":
            yield from (("summary", inner["value"]) for inner in _parts(config) if inner.get("name") == "tableKey")
        case "Weave":
            yield "summary", config["panel2Config"]["exp"]["fromOp"]["inputs"]["key"]["val"]


def _in_run_set(part: dict[str, Any]) -> Iterator[Named]:
    key = part.get("key")
    if isinstance(key, dict) and {"section", "name"} == set(key):  # of a filter or an order
        yield _accessor(f"{key['section']}:{key['name']}")
    if "columnPinned" in part:
        columns = {*part["columnPinned"], *part["columnVisible"], *part["columnOrder"]}
        yield from map(_accessor, columns)


def _accessor(text: str) -> Named:
    """`config:p/lr.value` and `summary:score`; W&B keeps each key of a config in an envelope called `value`."""
    section, _, name = text.partition(":")
    if section == "config":
        key, mark, inner = name.partition(".value")
        assert mark, f"`{text}` names no value"
        assert not inner, f"`{text}` goes below a key"
        return "config", key
    return section, name
