"""What a sweep was begun with and goes on without: its space, sets to ask first, an earlier sweep that is gone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ferray.config.load import Space, find_space
from ferray.config.parameter_sets import ParameterSet, load_sets
from ferray.config.place import QUICK, SPACE_NAME
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError, DataError
from ferray.events import Listener
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.sweeps.earlier_sweep import EarlierSweep


def space_or_kept(space: Space, asked: Mapping[str, Any], listener: Listener) -> tuple[Space, str | None]:
    """The space, and what its sweep is called: where its file is gone, the copy that the sweep of that name keeps."""
    name = asked["name"]
    if asked.get("fresh") or not isinstance(space, str | os.PathLike):
        return space, name
    called = name or f"{Path(space).stem}{QUICK if asked.get('quick') else ''}"
    kept = asked["output"] / called / SPACE_NAME
    try:
        find_space(space)
    except ConfigError:
        if Path(space).exists() or not kept.is_file():
            raise
        listener.noted(f"note: there is no `{space}` any more: `{called}` goes on with the space in its record")
        return kept, called
    return space, name


def sets_or_kept(
    asked: Mapping[str, Any], spec: SweepSpec, runtime: Runtime, listener: Listener
) -> Sequence[ParameterSet]:
    """The sets of parameters to ask first: those of the file, or what the sweep was given from it where it is gone."""
    from ferray.sweeps.earlier_sweep import given_before

    file = Path(asked["enqueue"])
    former = [] if asked.get("fresh") else given_before(file, runtime.output / spec.name, runtime.storage)
    if former and not file.exists():
        stay = counted(len(former), "set stays", "sets stay")
        listener.noted(f"note: `{file}` is gone: {stay} that this sweep was given from it before")
        return former
    sets = load_sets(file, spec)
    if left_out := [params for params in former if params not in sets]:
        stay = counted(len(left_out), "set stays", "sets stay")
        listener.noted(f"note: `{file}` has changed: {stay} that this sweep was given from it before")
    return sets


def earlier_or_kept(
    asked: Mapping[str, Any], folder: Path, runtime: Runtime, listener: Listener
) -> EarlierSweep | None:
    """The sweep that this one, in `folder`, is to be like; ConfigError where it is no other, or has nothing yet.

    None where it is not to be had any more, and this one has taken over from it before.
    """
    from ferray.sweeps.earlier_sweep import find_earlier, has_taken_over

    name = asked["like"]
    try:
        earlier = find_earlier(name, runtime.output, runtime.storage)
    except (ConfigError, DataError) as error:
        if asked.get("fresh") or not has_taken_over(name, folder, runtime.storage):
            raise
        listener.noted(f"note: {error.message}; what this sweep has taken over from it before stays")
        return None
    if earlier.folder == folder.absolute():
        message = f"`--like` names `{name}`, which is this very sweep"
        raise ConfigError(message, "leave `--like` out: the same command again goes on with what it knows")
    return earlier
