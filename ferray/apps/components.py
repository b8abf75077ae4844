"""What there is to choose from, by kind, found without importing any of it."""

from __future__ import annotations

import inspect

from ferray.config.load import space_names
from ferray.config.optimizer import OptimizerConfig
from ferray.config.optimizers import OPTIMIZERS
from ferray.errors import ConfigError, UnknownComponent, did_you_mean
from ferray.registry import ROOMS, Params, Room

_OPTIMIZERS = ("optimizers", "optimizer")  # names of a key and no room: timm and torch have them
_ROOM_OF = {
    "datasets": "dataset",
    "faces": "faces",
    "augment": "augment",
    "backbones": "backbone",
    "heads": "head",
    "descriptors": "descriptor",
    "estimators": "estimator",
    "losses": "loss",
    "imbalance": "imbalance",
    "outliers": "outliers",
    "samplers": "sampler",
    "pruners": "pruner",
    "launchers": "launcher",
    "trackers": "tracker",
}
KINDS = {
    "spaces": "Search spaces that come with ferray or lie in `search_spaces/` here.",
    "datasets": "Layouts of images, or of rows of features, with labels.",
    "faces": "Finders of faces, which `data prepare` cuts out of whole pictures.",
    "augment": "Policies that change training images.",
    "backbones": "Networks from images or features to what a head looks at.",
    "heads": "Last layers, from a backbone's features to the classes.",
    "descriptors": "One image to one row of numbers, such as a histogram of edges.",
    "estimators": "Classifiers of scikit-learn in the place of backbone and head.",
    "losses": "What an answer costs in training, some of them with wrong labels in mind.",
    "imbalance": "Strategies against classes of unequal size.",
    "outliers": "Rules that drop, or correct, training samples whose label looks wrong.",
    "optimizers": "Rules by which gradients change weights, for `optimizer.name`.",
    "samplers": "Who proposes the trials.",
    "pruners": "Who stops the weak ones.",
    "launchers": "Where trials run.",
    "trackers": "Where a sweep can be watched.",
}


def list_kind(kind: str) -> dict[str, str]:
    """The components of a kind with what each does, or the search spaces; ConfigError for what is no kind."""
    if kind == "spaces":
        return dict.fromkeys(space_names(), "")
    if kind in _OPTIMIZERS:
        return {name: f"{line} {source}." for name, (line, source) in OPTIMIZERS.items()}
    room = room_of(kind)
    return {name: room.summary(name) for name in room.names()}


def names_of_kind(kind: str) -> list[str]:
    """The names of a kind's components; ConfigError for what is no kind."""
    return [*OPTIMIZERS] if kind in _OPTIMIZERS else room_of(kind).names()


def described(kind: str, name: str) -> tuple[str, type[Params]]:
    """A component's whole description and the class of its parameters; ConfigError for an unknown kind or name."""
    if kind not in _OPTIMIZERS:
        room = room_of(kind)
        return inspect.getdoc(room.load(name)) or "", room.params(name)
    if name not in OPTIMIZERS:
        raise UnknownComponent(f"`{name}` is not an optimiser", did_you_mean(name, OPTIMIZERS))
    line, source = OPTIMIZERS[name]
    return f"{line}\n\nSource: {source}.", OptimizerConfig


def room_of(kind: str) -> Room:
    """The room behind a kind's name, `backbones` or `backbone`; ConfigError otherwise."""
    if kind in _ROOM_OF.values():
        kind = next(plural for plural, name in _ROOM_OF.items() if name == kind)
    if kind not in _ROOM_OF:
        raise ConfigError(f"`{kind}` is nothing that can be listed", did_you_mean(kind, KINDS))
    return ROOMS[_ROOM_OF[kind]]
