"""`ferray list`: what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, show
from ferray.errors import ConfigError, did_you_mean
from ferray.text.commands import as_called

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
_KINDS = {
    "spaces": "Search spaces that come with ferray or lie in `search_spaces/` here.",
    "datasets": "Layouts of images, or of rows of features, with labels.",
    "faces": "Finders of faces, which `data prepare` cuts out of whole pictures.",
    "augment": "Policies that change training images.",
    "backbones": "Networks from images or features to what a head looks at.",
    "heads": "Last layers, from a backbone's features to the classes.",
    "descriptors": "One image to one row of numbers, such as a histogram of edges.",
    "estimators": "Classifiers of scikit-learn in the place of backbone and head.",
    "imbalance": "Strategies against classes of unequal size.",
    "outliers": "Rules that drop training samples whose label looks wrong.",
    "samplers": "Who proposes the trials.",
    "pruners": "Who stops the weak ones.",
    "launchers": "Where trials run.",
    "trackers": "Where a sweep can be watched.",
}


def list_components(
    what: Annotated[
        str | None, typer.Argument(help=f"{', '.join(_KINDS)}; without one, what each of these is.", show_default=False)
    ] = None,
    json: arguments.Json = False,
) -> None:
    """List the components of a kind, one a line with what it does, or the search spaces; without a kind, the kinds."""
    if what is None:
        rows = _KINDS
    elif what == "spaces":
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
        show(as_called(f"{name:<{width}}  {summary}".rstrip()), indent=" " * (width + 2))


def room_of(kind: str) -> Room:
    """The room behind a kind's name, `backbones` or `backbone`; ConfigError otherwise."""
    if kind in _ROOMS.values():
        kind = next(plural for plural, name in _ROOMS.items() if name == kind)
    if kind not in _ROOMS:
        raise ConfigError(f"`{kind}` is nothing that can be listed", did_you_mean(kind, _KINDS))
    from ferray.registry import ROOMS

    return ROOMS[_ROOMS[kind]]
