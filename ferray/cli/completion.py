"""What a shell offers behind `ferray`: names of spaces, sweeps and components, found without importing any of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from ferray.apps.components import names_of_kind
from ferray.config.load import space_names
from ferray.config.place import DEFAULT_OUTPUT, sweep_names
from ferray.registry import ROOMS

COMPLETE_VAR = "_FERRAY_COMPLETE"
Offered = Callable[[], list[str]]


def spaces_and_datasets() -> list[str]:
    """What commands take that look at data as well as at a space."""
    return sorted({*space_names(), *ROOMS["dataset"].names()})


def sweeps(context: typer.Context) -> list[str]:
    """The sweeps in the folder that `--output` has named so far."""
    return sweep_names(Path(context.params.get("output") or DEFAULT_OUTPUT))


def spaces_and_sweeps(context: typer.Context) -> list[str]:
    """What `compare` takes."""
    return sorted({*space_names(), *sweeps(context)})


def trials(context: typer.Context) -> list[str]:
    """The best trial of each sweep, as `--from` takes it."""
    return [f"{name}:best" for name in sweeps(context)]


def kinds() -> list[str]:
    """The kinds of components."""
    return sorted([*ROOMS, "optimizer"])


def clusters() -> list[str]:
    """The kinds of clusters."""
    from ferray.cluster.kinds import KINDS

    return list(KINDS)


def components_of_kind(context: typer.Context) -> list[str]:
    """The components of the kind that stands before."""
    return names_of_kind(context.params["kind"])


def components(room: str, *more: str) -> Offered:
    """The components of a room, and what else may stand in their place."""
    return lambda: [*ROOMS[room].names(), *more]


def words(*known: str) -> Offered:
    """One of a few words."""
    return lambda: list(known)
