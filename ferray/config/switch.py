"""A group of keys that is off as `null`: `true` and `false` turn it on and off, so that a search may choose between."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _keys_of(value: Any) -> Any:
    said = _WORDS.get(value.lower(), value) if isinstance(value, str) else value
    if isinstance(said, bool):
        return {} if said else None
    return value


ON_OR_OFF = BeforeValidator(_keys_of)
"""For a field whose values are a class of parameters, on with its defaults as `true`, or null, off as `false`."""
