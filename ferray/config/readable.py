"""Searched parameters as people read them: three digits, short names, the same words in every table and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ferray.text.sanitize import on_one_line

NUM_DIGITS = 3


def readable_value(value: Any) -> str:
    """One value on one line: floats with three digits (`3.12e-4`, `0.433`), `true`, `false`, `null` as in YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _readable_float(value)
    return on_one_line(str(value))


def _readable_float(value: float) -> str:
    rounded = float(f"{value:.{NUM_DIGITS}g}")
    if rounded == 0 or 1e-3 <= abs(rounded) < 1e4 or not abs(rounded) < float("inf"):
        return f"{rounded:g}"
    mantissa, exponent = f"{rounded:.{NUM_DIGITS - 1}e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def readable_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Every parameter under its own name, the value made readable."""
    return {name: readable_value(value) for name, value in params.items()}


def short_names(names: Iterable[str]) -> dict[str, str]:
    """The shortest dotted ending of each name that no other name has: `optimizer.lr` becomes `lr`.

    `schedule.name` stays whole: a name alone does not say of what.
    """
    known = list(dict.fromkeys(names))
    return {name: _shortest_ending(name, [other for other in known if other != name]) for name in known}


def _shortest_ending(name: str, others: list[str]) -> str:
    parts = name.split(".")
    endings = [".".join(parts[start:]) for start in range(len(parts) - 1, -1, -1)]
    taken = {".".join(other.split(".")[start:]) for other in others for start in range(other.count(".") + 1)}
    return next((ending for ending in endings if ending not in taken and ending != "name"), name)


def params_line(params: Mapping[str, Any]) -> str:
    """All parameters on one line, the backbone first and bare: `resnet18 lr=3e-4 imbalance=focal gamma=2`."""
    shorts = short_names(params)
    words = [f"{shorts[name]}={text}" for name, text in readable_params(params).items() if name != "backbone"]
    return " ".join([readable_value(params["backbone"]), *words] if "backbone" in params else words)
