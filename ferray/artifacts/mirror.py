"""`RecordMirror`: the record of a sweep at an address, a copy of the one in its folder on the driver's disk.

A journal is written line by line, which no object store can; so it lies on a disk, and whole copies of it follow.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ferray.artifacts.address import file_system_at
from ferray.artifacts.file_system import ArtifactFile, FileSystem
from ferray.config.place import JOURNAL_NAME
from ferray.errors import ClusterError, DataError, StorageError
from ferray.files.atomic import write_bytes, write_json
from ferray.files.os_errors import reading, writing
from ferray.files.read import read_json

MANIFEST = "record.json"  # which version is there, and of which files; written last
_STATE = ".record.json"  # in the folder: which version it was equal to, and how its files looked then
_NAME = re.compile(r"(wandb/)?[A-Za-z0-9][A-Za-z0-9._-]*")
_FOR_THIS_MACHINE = {"driver.lock"}


@dataclass
class _State:
    """The version that the folder is equal to, the one that was last on its way there, and each file's looks."""

    stamp: str = ""
    coming: str = ""
    files: dict[str, list[int]] = field(default_factory=dict)  # bytes, and nanoseconds of its last writing


class RecordMirror:
    """The copy at `address` of the record in `folder`, of which versions follow one another.

    A version is written only in the place of the one that this folder has seen, so that of two machines that go on with
    one sweep the second finds out. Where the record is in a database, the latest word counts.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self._files = file_system_at(address)

    def pull(self) -> None:
        """Bring the folder up to what is at the address.

        DataError where both have gone on, StorageError where the address cannot be read.
        """
        manifest = self._manifest()
        state = self._state()
        if manifest is None or manifest["stamp"] in (state.stamp, state.coming):
            return
        if self.is_ahead() and self._holds_record(manifest):
            message = f"`{self.folder}` and `{self.address}` hold two records of one sweep, of which neither is later"
            raise DataError(message, f"move `{self.folder}` away to go on with the other")
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(manifest["files"], key=lambda name: name == JOURNAL_NAME):
            target = self.folder / name
            content = self._file(name).read_bytes(StorageError)
            with writing(target):
                target.parent.mkdir(exist_ok=True)
                write_bytes(target, content)
                os.utime(target, ns=(manifest["files"][name],) * 2)  # for those who ask when it was last written
        self._remember(_State(manifest["stamp"], "", self._looks()))

    def push(self) -> None:
        """Bring the address up to the folder, where that has changed.

        ClusterError where another machine has gone on meanwhile, StorageError where the address cannot be written.
        """
        state, looks = self._state(), self._looks()
        changed = [name for name, look in looks.items() if state.files.get(name) != look]
        if not changed:
            return
        manifest = self._manifest()
        is_next = manifest is None or manifest["stamp"] in (state.stamp, state.coming)
        if manifest is not None and not is_next and self._holds_record(manifest):
            message = f"another machine goes on with the sweep at `{self.address}`"
            raise ClusterError(message, f"the record of what was done here is kept in `{self.folder}`")
        for name in sorted(changed, key=lambda name: name == JOURNAL_NAME):
            self._send(name)
        coming = secrets.token_hex(16)
        self._remember(_State(state.stamp, coming, state.files))
        written = {name: nanoseconds for name, (_, nanoseconds) in looks.items()}
        self._file(MANIFEST).write_text(json.dumps({"stamp": coming, "files": written}) + "\n")
        self._remember(_State(coming, coming, looks))

    def is_ahead(self) -> bool:
        """Whether the folder holds what has not been copied."""
        return self._looks() != self._state().files

    def clear(self) -> None:
        """Delete all that the sweep has at the address, as far as that is possible."""
        self._files.clear()

    def _send(self, name: str) -> None:
        path = self.folder / name
        with reading(path, StorageError):
            content = path.read_bytes()
        if name == JOURNAL_NAME:  # a driver may be in the midst of a line
            content = content[: content.rfind(b"\n") + 1]
        file = self._file(name)
        with writing(file), file.write() as stream:
            stream.write(content)

    def _manifest(self) -> dict[str, Any] | None:
        file = self._file(MANIFEST)
        try:
            with reading(file, StorageError), file.open() as stream:
                found = json.loads(stream.read())
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        except ValueError:
            found = None
        if not _is_manifest(found):
            raise DataError(f"`{file}` is not what a sweep writes", "give the address of a folder of sweeps")
        manifest: dict[str, Any] = found
        return manifest

    def _state(self) -> _State:
        try:
            return _State(**read_json(self.folder / _STATE))
        except (DataError, TypeError):
            return _State()

    def _remember(self, state: _State) -> None:
        with writing(self.folder):
            write_json(self.folder / _STATE, asdict(state), durable=False)

    def _holds_record(self, manifest: dict[str, Any]) -> bool:
        """Whether a journal is among the files, here or there; one in a database has leases, and many drivers."""
        return JOURNAL_NAME in manifest["files"] or (self.folder / JOURNAL_NAME).exists()

    def _looks(self) -> dict[str, list[int]]:
        found = [*self.folder.glob("*"), *self.folder.glob("wandb/*.json")]
        names = {path.relative_to(self.folder).as_posix(): path for path in found if path.is_file()}
        kept = {name: path for name, path in names.items() if _NAME.fullmatch(name) and name not in _FOR_THIS_MACHINE}
        return {name: [path.stat().st_size, path.stat().st_mtime_ns] for name, path in kept.items()}

    def _file(self, name: str) -> ArtifactFile:
        place, _, last = name.rpartition("/")
        files: FileSystem = self._files.below(place) if place else self._files
        return ArtifactFile(files, last)


def _is_manifest(found: Any) -> bool:
    """Whether it names files that belong into a sweep's folder, and no others."""
    return (
        isinstance(found, dict)
        and isinstance(found.get("stamp"), str)
        and isinstance(found.get("files"), dict)
        and all(_NAME.fullmatch(name) and _is_a_time(written) for name, written in found["files"].items())
    )


def _is_a_time(nanoseconds: object) -> bool:
    """Whether a disk takes it for one."""
    return isinstance(nanoseconds, int) and 0 <= nanoseconds < 2**63
