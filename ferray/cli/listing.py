"""`ferray list`: what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import options
from ferray.cli.output import print_json
from ferray.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from ferray.registry import Room

_ROOMS = {
    "datasets": "dataset",
    "faces": "faces",
    "augment": "augment",
    "backbones": "backbone",
    "heads": "head",
    "descriptors": "descriptor",
    "estimators": "estimator",
    "imbalance": "imbalance",
    "outliers": "outliers",
    "samplers": "sampler",
    "pruners": "pruner",
    "launchers": "launcher",
    "trackers": "tracker",
}


def list_components(
    what: Annotated[str, typer.Argument(help=f"spaces, {', '.join(_ROOMS)}.", show_default=False)],
    json: options.Json = False,
) -> None:
    """List the components of a kind, one a line with what it does, or the search spaces."""
    if what == "spaces":
        from ferray.config.load import space_names

        rows = dict.fromkeys(space_names(), "")
    else:
        room = room_of(what)
        rows = {name: room.summary(name) for name in room.names()}
    if json:
        print_json([{"name": name, "summary": summary} for name, summary in rows.items()])
        return
    width = max(map(len, rows), default=0)
    for name, summary in rows.items():
        print(f"{name:<{width}}  {summary}".rstrip())


def room_of(kind: str) -> Room:
    """The room behind a kind's name, `backbones` or `backbone`; ConfigError otherwise."""
    if kind in _ROOMS.values():
        kind = next(plural for plural, name in _ROOMS.items() if name == kind)
    if kind not in _ROOMS:
        raise ConfigError(f"`{kind}` is nothing that can be listed", did_you_mean(kind, ["spaces", *_ROOMS]))
    from ferray.registry import ROOMS

    return ROOMS[_ROOMS[kind]]
