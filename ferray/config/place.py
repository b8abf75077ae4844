"""Where a sweep lies, and what its folder remembers of where it ran, so that no other command need be told again."""

from __future__ import annotations

import difflib
import itertools
import json
import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ferray.config.data_root import data_root_at, data_root_words, default_data_root, is_at_hand
from ferray.config.output_address import address_of, bring_up, sweep_address, unreadable_names, why_unreadable
from ferray.config.runtime import Runtime
from ferray.config.urls import storable
from ferray.errors import ConfigError, DataError
from ferray.files.os_errors import system_words
from ferray.files.readable import Readable
from ferray.text.commands import command, shortest_path

JOURNAL_NAME = "study.journal"
PLACE_NAME = "place.json"
RESOLVED_NAME = "resolved.json"
SPACE_NAME = "sweep.yaml"  # as it was written
CONFIRMATION_NAME = "confirmation.json"  # in the folder of a search whose finalists have been confirmed
CONFIRM = "-confirm"  # behind the name of a search, that of the sweep that trains its finalists anew
QUICK = "-quick"  # behind the name of a space, that of the sweep that `--quick` makes
DEFAULT_OUTPUT = Path("runs")
MOST_LISTED = 10


@dataclass(frozen=True)
class Place:
    """A sweep's folder and what is remembered there.

    `study` is the sweep's name in its store, which the folder's own may no longer be. `storage` is the database's URL
    without its password, None for the journal in the folder. `data_root` and `cache_dir` are absolute; None where they
    were not there or the default. `identity` is drawn once, and anew for a copy: no two folders share it. `seen` tells
    a moved folder from a copied one.
    """

    folder: Path
    study: str
    storage: str | None = None
    data_root: Path | None = None
    cache_dir: Path | None = None
    identity: str = ""
    seen: tuple[str, str, int] = ("", "", 0)  # path, host and inode when a sweep last ran there
    artifacts: str | None = None  # the address below which trials keep their files; None is the folder

    @property
    def is_known(self) -> bool:
        """Whether a sweep has begun in this folder."""
        return is_sweep(self.folder)

    @property
    def words(self) -> tuple[str, ...]:
        """What commands call this sweep: its name, or its folder where that is not below `runs/` here."""
        return words_for(self.folder)

    def to_json(self) -> dict[str, Any]:
        """As `place.json` keeps it."""
        return {
            "study": self.study,
            "identity": self.identity,
            "storage": self.storage,
            "data_root": data_root_words(self.data_root) if self.data_root else None,
            "cache_dir": str(self.cache_dir) if self.cache_dir else None,
            "seen": list(self.seen),
            **({"artifacts": self.artifacts} if self.artifacts else {}),
        }


@dataclass(frozen=True)
class DataPlace:
    """Where a training finds its data: the folder of data sets, the cache, and the list behind its `exclude`."""

    data_root: Path
    cache_dir: Path
    exclude: Readable | None = None


def words_for(folder: Path, storage: str | None = None) -> tuple[str, ...]:
    """The words by which commands find the sweep in `folder`, or in the store `storage` where it has no folder."""
    name = folder.name
    if (address := address_of(folder.parent)) is not None:
        return (name, "--output", address)
    words = (name,) if folder.absolute() == DEFAULT_OUTPUT.absolute() / name else (shortest_path(folder),)
    return words if storage is None or folder.is_dir() else (name, "--storage", storable(storage))


def output_words(output: Path) -> tuple[str, ...]:
    """The option that names the folder of sweeps, where it is not the one that commands look in anyway."""
    if (address := address_of(output)) is not None:
        return ("--output", address)
    return () if output.absolute() == DEFAULT_OUTPUT.absolute() else ("--output", shortest_path(output))


def read_place(folder: Path) -> Place:
    """What the folder remembers; of one that remembers nothing, what its name says.

    DataError for a file that is damaged or cannot be read, and for a record that could not be brought here from where
    its address is.
    """
    if (error := why_unreadable(folder)) is not None:
        raise error
    path = folder / PLACE_NAME
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        at = {"data_root": data_root_at, "cache_dir": Path}
        where = {key: to_path(kept[key]) for key, to_path in at.items() if kept.get(key)}
        seen = (str(kept["seen"][0]), str(kept["seen"][1]), int(kept["seen"][2]))
        artifacts = kept.get("artifacts")
        return Place(
            folder, kept["study"], kept["storage"], identity=kept["identity"], seen=seen, artifacts=artifacts, **where
        )
    except (FileNotFoundError, NotADirectoryError):
        return Place(folder, folder.name, identity=_former_identity(folder))
    except OSError as caught:
        raise DataError(f"`{path}` cannot be read: {system_words(caught)}", "check who may read it") from caught
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DataError(f"`{path}` is damaged", "delete it: the next start of the sweep writes it again") from error


def _former_identity(folder: Path) -> str:
    """Of sweeps that began before there was a `place.json`; "" where there is none."""
    try:
        return (folder / "wandb" / "sweep-identity").read_text(encoding="utf-8")
    except OSError:
        return ""


def place_at_start(former: Place, runtime: Runtime) -> Place:
    """What a sweep that starts in this folder remembers; a copy of another sweep's folder gets its own identity."""
    address = sweep_address(former.folder)
    is_restored = address is not None and former.artifacts == address  # from there, on whatever machine
    is_own = former.identity and (is_restored or not _is_copy(former))
    cache_is_chosen = bool(os.environ.get("FERRAY_CACHE"))
    return replace(
        former,
        storage=storable(runtime.storage) if runtime.storage else None,
        data_root=runtime.data_root.absolute() if is_at_hand(runtime.data_root) else former.data_root,
        cache_dir=runtime.cache_dir.absolute() if cache_is_chosen else former.cache_dir,
        identity=former.identity if is_own else uuid.uuid4().hex,
        seen=_seen(former.folder),
        artifacts=runtime.artifacts or former.artifacts or address,
    )


def _seen(folder: Path) -> tuple[str, str, int]:
    return str(folder.absolute()), socket.gethostname(), folder.stat().st_ino


def _is_copy(place: Place) -> bool:
    """Whether the folder is a second one beside that in which the sweep last ran, rather than that one moved.

    A folder keeps its inode where it is renamed, mounted elsewhere or seen from another host. On another host nobody
    can look whether the former one is still there: it is taken to be.
    """
    path, host, inode = place.seen
    here = _seen(place.folder)
    if not path or inode == here[2]:
        return False
    if host != here[1]:
        return True
    if path == here[0]:
        return False
    try:
        return read_place(Path(path)).identity == place.identity
    except DataError:  # it is there, and nobody can tell
        return True


def find_sweep(name: str, output: Path, storage: str | None = None) -> Place:
    """The sweep that a command calls `name`: one in `output`, or a folder by its path.

    ConfigError, with the sweeps there are, for any other; with `storage` the database alone knows which there are.
    """
    bring_up(output)
    in_output, by_path = (Path(os.path.normpath(path.absolute())) for path in (output / name, Path(name)))
    for folder in (in_output, by_path):
        if is_sweep(folder):
            return read_place(folder)
    if storage is not None:
        return Place(in_output, in_output.name)
    raise ConfigError(f"there is no sweep `{name}`{_where(name, output)}", _what_there_is(name, output))


def unused(folder: Path) -> Path:
    """The folder, or the first beside it with a number behind its name that is not there yet."""
    numbered = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([folder], numbered) if not path.exists())


def is_sweep(folder: Path) -> bool:
    """Whether a sweep was ever started in this folder."""
    names = (JOURNAL_NAME, PLACE_NAME, RESOLVED_NAME)
    return why_unreadable(folder) is not None or any((folder / name).is_file() for name in names)


def sweep_names(output: Path) -> list[str]:
    """The sweeps in a folder of sweeps."""
    bring_up(output)
    try:
        found = {folder.name for folder in output.iterdir() if _may_be_sweep(folder)}
    except OSError:
        return []
    return sorted(found | unreadable_names(output))


def _may_be_sweep(folder: Path) -> bool:
    """Whether it is a sweep, or a folder into which nobody lets us look."""
    try:
        return is_sweep(folder)
    except OSError:
        return True


def _where(name: str, output: Path) -> str:
    return "" if "/" in name else f" in `{address_of(output) or output}`"


def _what_there_is(name: str, output: Path) -> str:
    looked_in = output if "/" not in name.rstrip("/") else Path(name).parent
    known = sweep_names(looked_in) or sweep_names(output)
    if not known:
        place = address_of(looked_in) or looked_in
        return f"there is none in `{place}`: start one, such as `{command('sweep demo')}`, or pass `--output`"
    wanted = Path(name).name.lower()
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    near += [other for other in known if other not in near and wanted and wanted in other.lower()]
    offered = [*near, *(other for other in known if other not in near)]
    if near:
        return f"did you mean `{near[0]}`?" + (f" there is also {_listed(offered[1:])}" if len(offered) > 1 else "")
    return f"there is {_listed(offered)}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(f"`{name}`" for name in names[:MOST_LISTED]) + more


def remembered(
    place: Place, data_root: str | os.PathLike[str] | None, storage: str | None
) -> tuple[dict[str, Any], Sequence[str]]:
    """Where the sweep's data, cache and store are, by what was asked and else by what it remembers; and notes on that.

    The keys are those of `Runtime`, without the ones that keep their defaults.
    """
    found: dict[str, Any] = {"storage": storage or place.storage, "data_root": data_root}
    notes: list[str] = []
    if not os.environ.get("FERRAY_CACHE") and place.cache_dir is not None and place.cache_dir.is_dir():
        found["cache_dir"] = place.cache_dir
    if data_root is None and place.data_root is not None:
        if is_at_hand(place.data_root):
            found["data_root"] = place.data_root
            if os.environ.get("FERRAY_DATA") and place.data_root != default_data_root().absolute():
                where = f"those in `{data_root_words(place.data_root)}`, with which it ran"
                others = "and not those of FERRAY_DATA: `--data-root` chooses others"
                notes.append(f"the data of `{place.folder.name}` are {where}, {others}")
        else:
            gone = f"the data of `{place.folder.name}` were in `{place.data_root}`, which is not there any more"
            instead = default_data_root()
            looking = "" if instead.absolute() == place.data_root else f"looking in `{data_root_words(instead)}`, or "
            notes.append(f"{gone}: {looking}`--data-root` says where they are")
    return {key: value for key, value in found.items() if value is not None}, notes
