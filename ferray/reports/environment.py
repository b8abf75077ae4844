"""Where a sweep ran, with which versions, and by which command: what a reviewer asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.errors import DataError
from ferray.files.read import read_json

FILE = "environment.json"


@dataclass(frozen=True)
class Environment:
    """Facts and versions by name, those of the latest start; `num_former` others before it were different.

    `commands` started the sweep or went on with it, the latest first.
    """

    facts: dict[str, str]
    versions: dict[str, str]
    commands: tuple[str, ...] = ()
    num_former: int = 0


def environment_of(folder: Path) -> Environment | None:
    """What the sweep's folder remembers; None where it remembers nothing, as sweeps of older versions do."""
    try:
        kept = read_json(folder / FILE)
    except DataError:
        return None
    if not isinstance(kept, Mapping):
        return None
    versions, former, commands = kept.get("versions"), kept.get("former"), kept.get("commands")
    facts = {name: _said(value) for name, value in kept.items() if name not in ("versions", "former", "commands")}
    return Environment(
        facts={name: text for name, text in facts.items() if text},
        versions={str(name): str(text) for name, text in versions.items()} if isinstance(versions, Mapping) else {},
        commands=tuple(map(str, commands)) if isinstance(commands, list) else (),
        num_former=len(former) if isinstance(former, list) else 0,
    )


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
