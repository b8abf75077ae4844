"""A group of keys that is off as `null`: `true` and `false` turn it on and off, so that a search may choose between."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator


def _keys_of(value: Any) -> Any:
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


ON_OR_OFF = BeforeValidator(_keys_of)
"""For a field whose values are a class of parameters, on with its defaults as `true`, or null, off as `false`."""
