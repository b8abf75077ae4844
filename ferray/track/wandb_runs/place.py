"""Where in W&B the runs of a sweep are, and what their user adds to them: remembered in the sweep's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ferray.errors import ConfigError, FerrayError
from ferray.files.atomic import write_json
from ferray.files.read import read_json
from ferray.track.wandb_runs.payload import DEFAULT_PROJECT

_FILE = "where.json"  # in the sweep's `wandb/`
_MODES = ("online", "offline", "dryrun", "disabled", "run", "shared")
_NOT_IN_PROJECTS = "/\\#?%:"
_LONGEST_PROJECT = 128
_LONGEST_TAG = 64
_VARIABLES = {"entity": "WANDB_ENTITY", "project": "WANDB_PROJECT", "tags": "WANDB_TAGS", "notes": "WANDB_NOTES"}


@dataclass(frozen=True)
class WandbPlace:
    """Entity and project of a sweep's runs, and the tags and notes that each of them gets.

    `entity` is "" until W&B has said whose default it is. `is_online`: the runs of the last command went to a server.
    """

    entity: str = ""
    project: str = DEFAULT_PROJECT
    tags: tuple[str, ...] = ()
    notes: str = ""
    is_online: bool = False

    @classmethod
    def of(cls, folder: Path, given: Mapping[str, Any] | None = None) -> WandbPlace:
        """Where the sweep in `folder` is: as asked for by `given`, else as remembered, else as variables say.

        What runs are there already is not to be sought elsewhere since another project is worked on now.
        """
        remembered = _remembered(folder)
        return cls(**{**_from_environment(), **remembered, **_told(given or {})})

    @classmethod
    def for_sweep(cls, folder: Path) -> WandbPlace:
        """Where a sweep that starts puts its runs: as variables say, else as remembered."""
        place = cls(**{**_remembered(folder), **_from_environment()})
        return replace(place, is_online=False)

    def remember(self, folder: Path) -> None:
        """Keep it for commands that come later; a disk that refuses is none of a tracker's business."""
        with suppress(OSError):
            (folder / "wandb").mkdir(exist_ok=True)
            write_json(folder / "wandb" / _FILE, asdict(self))

    def at(self, entity: str) -> WandbPlace:
        """The same, where W&B has said whose it is."""
        return replace(self, entity=entity or self.entity)

    @property
    def path(self) -> str:
        """As W&B's own commands take it."""
        return f"{self.entity}/{self.project}" if self.entity else self.project


def refuse_untaken(place: WandbPlace) -> None:
    """ConfigError for what W&B's client refuses, which it does once a trial has been trained; nothing where it is off.

    A project and tags by its own rules, and a WANDB_MODE that is none of its own.
    """
    mode = os.environ.get("WANDB_MODE")
    if mode == "disabled":
        return
    if mode is not None and mode not in _MODES:
        raise ConfigError(f"WANDB_MODE is `{mode}`", "unset it, or set it to `online`, `offline` or `disabled`")
    if foreign := sorted({sign for sign in place.project if sign in _NOT_IN_PROJECTS}):
        entity, _, project = place.project.partition("/")
        both = f"pass `--wandb-entity {entity} --wandb-project {project}`"
        hint = both if foreign == ["/"] and "/" not in project else f"leave out `{_NOT_IN_PROJECTS}`"
        raise ConfigError(f"the W&B project `{place.project}` may have no `{foreign[0]}`", hint)
    if len(place.project) > _LONGEST_PROJECT:
        raise ConfigError(f"the name of the W&B project has over {_LONGEST_PROJECT} letters", "take a shorter one")
    if long := [tag for tag in place.tags if len(tag) > _LONGEST_TAG]:
        message = f"the W&B tag `{long[0][:20]}...` has over {_LONGEST_TAG} letters"
        raise ConfigError(message, "take a shorter one; commas part tags")


def remember_at_start(folder: Path) -> None:
    """Have `sync` find the runs of a sweep whose driver is killed before any is written.

    Nothing is kept where W&B is switched off by its variable.
    """
    if os.environ.get("WANDB_MODE", "").lower() != "disabled":
        WandbPlace.for_sweep(folder).remember(folder)


def add_nothing_at_end(folder: Path) -> None:
    """Have what is done in W&B at the end of a sweep left out, though runs of it went to a server."""
    place = WandbPlace.of(folder)
    if place.is_online:
        replace(place, is_online=False).remember(folder)


def _from_environment() -> dict[str, Any]:
    return _told({name: os.environ.get(variable) for name, variable in _VARIABLES.items()})


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say something, tags as a tuple."""
    told = {name: given[name] for name in _VARIABLES if given.get(name)}
    if isinstance(told.get("tags"), str):
        told["tags"] = told["tags"].split(",")
    if "tags" in told:
        told["tags"] = tuple(tag.strip() for tag in told["tags"] if tag.strip())
    return told


def _remembered(folder: Path) -> dict[str, Any]:
    """What the folder holds; nothing where it holds nothing, or nobody can read it."""
    try:
        kept = read_json(folder / "wandb" / _FILE)
    except FerrayError:
        return {}
    if not isinstance(kept, dict):
        return {}
    return {**_told(kept), "is_online": kept.get("is_online") is True}


def as_variables(given: Mapping[str, Any]) -> dict[str, str]:
    """Options of a command as the variables that W&B and its tracker read; what is not given is not there."""
    told = _told(given)
    if "tags" in told:
        told["tags"] = ",".join(told["tags"])
    return {_VARIABLES[name]: value for name, value in told.items()}
