"""The journal: Optuna's append-only file of operations, kept whole through crashes, full disks and many readers."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from optuna.storages.journal import BaseJournalBackend

from ferray.errors import ClusterError, DataError
from ferray.study.records import LEASE_ATTR

_BLOCK = 65_536
_DECODER = json.JSONDecoder()
# What a trial that never ended can do without: the next line that matters is synced, and everything before it with it.
_NEED_NOT_LAST = ("intermediate_value", "param_name", "system_attr")
# Optuna's operation for a trial's system attribute, as the lines of both writers begin.
_NOTES = (b'{"op_code":9,',)


class Journal(BaseJournalBackend):
    """One JSON operation a line, as Optuna's own file backend writes them, so that `optuna-dashboard` opens the file.

    Unlike Optuna's, it
    - locks the journal itself, by the kernel: no lock file is left behind by a killed process, none is needed to read;
    - takes back what a full disk let it write of a line, and cuts a line that a killed process tore before it appends;
    - waits for the disk only where an asked trial or a result would be lost, not at every epoch and parameter.
    A line that writes the lease after another one than the last is passed over: whoever wrote it came too late.
    A reader needs no right to write, and ignores a last line that is torn or still being written. One that wants
    `results_only` passes over system attributes, which samplers and pruners leave.
    """

    def __init__(self, path: Path, *, results_only: bool = False) -> None:
        self._path = path
        self._passed_over = _NOTES if results_only else ()
        self._num_read = 0
        self._offset = 0
        self._stamps: dict[int, str] = {}  # of the lease that counts, by study
        self._file: tuple[int, int] | None = None

    @property
    def is_replaced(self) -> bool:
        """Whether the path leads to another file than the one that has been read, or to a shorter one."""
        try:
            now = self._path.stat()
        except OSError:
            return True
        return self._file not in (None, (now.st_dev, now.st_ino)) or now.st_size < self._offset

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Operations from a number on; DataError where the file is gone or a line in the middle is damaged."""
        if log_number_from < self._num_read:
            self._num_read = self._offset = 0
            self._stamps.clear()
        with self._opened() as file:
            status = os.fstat(file.fileno())
            self._file = (status.st_dev, status.st_ino)
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                operation = None if line.startswith(self._passed_over) else self._parsed(line)
                self._offset += len(line)
                if operation is None or self._is_late(operation):
                    continue
                self._num_read += 1
                if self._num_read > log_number_from:
                    yield operation

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write all of the operations or none; ClusterError where the disk does not take them."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        lasting = not all(any(key in log for key in _NEED_NOT_LAST) for log in logs)
        try:
            with _locked(self._path) as journal:
                cut_torn_line(journal)
                _write_whole(journal, lines)
                if lasting:
                    os.fsync(journal)
        except OSError as error:
            message = f"the store `{self._path}` cannot be written: {error.strerror or error}"
            raise ClusterError(message, "mend that, then run the same command again: nothing is lost") from error

    def _is_late(self, operation: dict[str, Any]) -> bool:
        lease = operation.get("user_attr", {}).get(LEASE_ATTR) if "study_id" in operation else None
        if lease is None:
            return False
        study: int = operation["study_id"]
        if lease.get("after", self._stamps.get(study, "")) != self._stamps.get(study, ""):
            return True
        self._stamps[study] = lease.get("stamp", "")
        return False

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise DataError(f"the store `{self._path}` cannot be read: {error.strerror}") from error

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            text = line.decode()
            operation, end = _DECODER.raw_decode(text)  # a third quicker than `json.loads`
            if not text[end:].isspace():
                raise ValueError("two operations on one line")
        except ValueError as error:
            message = f"a line of `{self._path}` is damaged, at byte {self._offset}"
            raise DataError(message, "restore the file from a copy, or start anew with `--fresh`") from error
        found: dict[str, Any] = operation
        return found


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """A descriptor that appends to an existing journal while nobody else does."""
    # Without O_CREAT: a journal that was moved away must not be begun anew half-way.
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _write_whole(descriptor: int, lines: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        while lines:
            lines = lines[os.write(descriptor, lines) :]
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def cut_torn_line(descriptor: int) -> None:
    """Cut a file back to its last whole line; looks at its tail alone."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    end = size
    while end > 0:
        begin = max(0, end - _BLOCK)
        newline = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if newline >= 0:
            os.ftruncate(descriptor, begin + newline + 1)
            return
        end = begin
    os.ftruncate(descriptor, 0)
