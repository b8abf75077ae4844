"""One sweep removed, its folder and its study in a database, for `ferray rm`; never one that is in use."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.artifacts.mirror import RecordMirror
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.output_address import sweep_address
from ferray.config.place import (
    CONFIRM,
    RESOLVED_NAME,
    Place,
    find_sweep,
    is_sweep,
    read_place,
    sweep_names,
    words_for,
)
from ferray.config.urls import without_password
from ferray.errors import ConfigError, DataError, FerrayError, StorageError
from ferray.files.atomic import folders_aside, set_aside, sync_folder
from ferray.files.os_errors import writing
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.sweeps.disk_use import disk_use
from ferray.sweeps.driver_lock import only_driver
from ferray.text.commands import command
from ferray.text.counting import counted, gibibytes

_HINT = "mend that and run the same command again"
_REFERENCE = re.compile(r"(?P<sweep>[^:]+):(?:best|\d+)")


@dataclass(frozen=True)
class Removal:
    """What removing a sweep takes away. `record` is None where it cannot be read, for the reason in `unread`.

    `needed_by` are sweeps of the same folder that begin with its weights or come after it. `leftovers` are what an
    interrupted removal has left, where the sweep itself is gone already. `confirmation` is the folder of the sweep that
    trained its finalists anew, which stays.
    """

    place: Place
    held: int
    record: SweepRecord | None
    unread: str = ""
    needed_by: tuple[str, ...] = ()
    leftovers: tuple[Path, ...] = ()
    storage: str | None = None
    confirmation: Path | None = None

    @property
    def name(self) -> str:
        """What the sweep is called."""
        return self.place.folder.name

    def sentences(self) -> list[str]:
        """What goes, and what should be known before it does, a line each."""
        if self.leftovers:
            return [f"`{self.place.folder}` is gone already; {counted(len(self.leftovers), 'rest')} of it will go too"]
        trials = counted(len(self.record.trials), "trial") if self.record else "trials that nobody can count"
        lines = [f"`{self.place.folder}` holds {trials} and {gibibytes(self.held)}: all of it will be deleted"]
        if self.storage:
            lines.append(f"so will its study in `{without_password(self.storage)}`")
        if self.unread:
            lines.append(f"its record cannot be read: {self.unread}")
        lines += [f"`{other}` needs it: it begins with its weights, or comes after it" for other in self.needed_by]
        if self.confirmation:
            removing = command("rm", *words_for(self.confirmation))
            lines.append(
                f"its confirmation `{self.confirmation.name}` is a sweep of its own and stays: `{removing}` removes it"
            )
        return lines

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray rm --json`."""
        return {
            "removed": self.name,
            "folder": str(self.place.folder),
            "trials": len(self.record.trials) if self.record else None,
            "held": self.held,
            "store": without_password(self.storage) if self.storage else None,
            "needed_by": list(self.needed_by),
            "confirmation": str(self.confirmation) if self.confirmation else None,
        }


def plan_removal(name: str, output: Path, storage: str | None = None) -> Removal:
    """What would go; ConfigError for what is no sweep, is a link, is being run, or holds other sweeps."""
    try:
        place = find_sweep(name, output)
    except ConfigError:
        leftovers = folders_aside(output / name)
        if not leftovers:
            raise
        return Removal(Place(output / name, name), 0, None, leftovers=leftovers)
    folder = place.folder
    _refuse_unsafe(folder)
    url = storage or place.storage
    record, unread = _read(folder, url)
    if record and record.driver and record.driver.is_alive:
        raise ConfigError(f"`{folder.name}` is being run by {record.driver.who}", "stop it first, or wait for its end")
    confirmation = folder.with_name(f"{folder.name}{CONFIRM}")
    return Removal(
        place,
        disk_use(folder).held,
        record,
        unread,
        tuple(_needing(folder)),
        storage=url,
        confirmation=confirmation if is_sweep(confirmation) else None,
    )


def remove(removal: Removal) -> None:
    """Take it away: its study, its trials' files elsewhere, and at last its folder, which is gone at once for all.

    What is interrupted is completed by the same command. StorageError where the disk refuses.
    """
    folder = removal.place.folder
    if removal.leftovers:
        _delete(folder, removal.leftovers)
        return
    with only_driver(folder):
        if removal.storage is not None:
            _delete_study(removal.place, removal.storage)
        if removal.place.artifacts and removal.record:
            SweepArtifacts.of(folder).clear(trial.folder for trial in removal.record.trials)
        if (address := sweep_address(folder)) is not None:
            RecordMirror(folder, address).clear()
        with writing(folder, StorageError, _HINT):
            set_aside(folder)
    _delete(folder, folders_aside(folder))


def _refuse_unsafe(folder: Path) -> None:
    if folder.is_symlink():
        message = f"`{folder}` is a link to `{folder.resolve()}`"
        raise ConfigError(message, "name the folder itself, or remove the link with `rm`")
    inner = sweep_names(folder)
    if inner:
        message = f"`{folder}` holds other sweeps: {', '.join(f'`{name}`' for name in inner[:5])}"
        raise ConfigError(message, "remove those first, or move them")
    here = Path.cwd()
    if here == folder.absolute() or folder.absolute() in here.parents:
        raise ConfigError(f"this command runs inside `{folder}`", "change to another folder first")


def _read(folder: Path, storage: str | None) -> tuple[SweepRecord | None, str]:
    """The record, or why it cannot be read; ConfigError where a database cannot be reached, as nobody could ask it."""
    try:
        return load_sweep(folder, storage), ""
    except DataError as error:
        return None, error.message
    except ConfigError as error:
        if storage is not None and "holds no" not in error.message and "there is no" not in error.message:
            raise
        return None, error.message


def _needing(folder: Path) -> Iterator[str]:
    """The sweeps beside it whose configuration names it."""
    for name in sweep_names(folder.parent):
        other = folder.parent / name
        if other != folder and any(_means(word, folder, other) for word in _references(other)):
            yield name


def _references(other: Path) -> Iterator[str]:
    """What a sweep begins with, and which space comes before it."""
    with suppress(OSError, ValueError):
        yield from _words(json.loads((other / RESOLVED_NAME).read_text(encoding="utf-8")))
    with suppress(FerrayError):
        if read_place(other).storage is None:
            record = load_sweep(other)
            yield from (f"{trial.parent['sweep']}:best" for trial in record.trials if trial.parent.get("sweep"))


def _words(tree: Any, key: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for inner, value in tree.items():
            yield from _words(value, inner if inner in ("init_from", "after") else key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _words(value, key)
    elif isinstance(tree, str) and key == "init_from":
        yield tree
    elif isinstance(tree, str) and key == "after":
        yield f"{tree.rpartition('/')[2].removesuffix('.yaml')}:best"


def _means(reference: str, folder: Path, other: Path) -> bool:
    """Whether a reference, `SWEEP:best` or the path of a checkpoint, speaks of this sweep."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return Path(reference).is_absolute() and Path(reference).is_relative_to(folder.absolute())
    return match["sweep"] == folder.name or (other.parent / match["sweep"]).absolute() == folder.absolute()


def _delete_study(place: Place, url: str) -> None:
    """Delete the study from the database where it is this folder's; nothing where it is gone already."""
    from ferray.study.claim import FOLDER_ATTR
    from ferray.study.database import database_errors_named, open_existing

    store = open_existing(url)
    if store is None:
        return
    with database_errors_named():
        found = {study.study_name: study for study in store.get_all_studies()}.get(place.study)
        if found is None:
            return
        owner = store.get_study_user_attrs(found._study_id).get(FOLDER_ATTR, {})
        if owner.get("identity", place.identity) != place.identity:
            message = f"the study `{place.study}` in `{without_password(url)}` belongs to `{owner.get('path')}`"
            raise ConfigError(message, "remove that sweep by its own folder")
        store.delete_study(found._study_id)


def _delete(folder: Path, asides: tuple[Path, ...]) -> None:
    """Delete what was put aside; links in it go, and what they lead to stays."""
    for aside in asides:
        with writing(folder, StorageError, _HINT):
            shutil.rmtree(aside)
    sync_folder(folder.parent)
