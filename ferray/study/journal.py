"""The journal: Optuna's append-only file of operations, kept whole through crashes, full disks and many readers."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

from optuna.storages.journal import BaseJournalBackend

from ferray.errors import ClusterError, DataError
from ferray.files.os_errors import reading, writing
from ferray.study.checksums import CHECKSUM, are_right, crc_after, crc_of, first_wrong, is_sealed, is_whole, sealed
from ferray.study.records import LEASE_ATTR

_BLOCK = 65_536
_BATCH = 1 << 20
_DECODER = json.JSONDecoder()
_HINT = "mend that, then run the same command again: nothing is lost"
# What a trial that never ended can do without: the next line that matters is synced, and everything before it with it.
_NEED_NOT_LAST = ("intermediate_value", "param_name", "system_attr")
# What applying an operation raises that is of another shape than Optuna writes.
MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError, RecursionError)
# Optuna's operation for a trial's system attribute, as the lines of both writers begin.
_NOTES = (b'{"op_code":9,',)


class Journal(BaseJournalBackend):
    """One JSON operation a line, as Optuna's own file backend writes them, so that `optuna-dashboard` opens the file.

    Unlike Optuna's, it
    - locks the journal itself, by the kernel: no lock file is left behind by a killed process, none is needed to read;
    - takes back what a full disk let it write of a line, and cuts a line that a killed process tore before it appends;
    - waits for the disk only where an asked trial or a result would be lost, not at every epoch and parameter;
    - ends each line with a checksum that covers those before it (`checksums`), and reads no line whose own is wrong;
    - writes all that is appended between `begin` and `end` at once, with one wait for the disk.
    A line that writes the lease after another one than the last is passed over: whoever wrote it came too late.
    A reader needs no right to write, and ignores a last line that is torn or still being written. One that wants
    `results_only` passes over system attributes, which samplers and pruners leave.
    """

    def __init__(self, path: Path, *, results_only: bool = False) -> None:
        self._path = path
        self._passed_over = _NOTES if results_only else ()
        self._num_read = 0
        self._begin_anew()
        self._stamps: dict[int, str] = {}  # of the lease that counts, by study
        self._file: tuple[int, int] | None = None
        self._collects = False  # since `begin`
        self._locked: int | None = None  # a descriptor, from the first operation after `begin` on
        self._unwritten: list[str] = []  # operations, of which the first `_num_told` have been read
        self._num_told = 0
        self._must_last = False  # of what is unwritten

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
            self._num_read = 0
            self._begin_anew()
            self._stamps.clear()
        if self._has_grown():
            yield from self._read_file(log_number_from)
        for text in self._unwritten[self._num_told :]:
            self._num_told += 1
            self._line = b""
            operation: dict[str, Any] = json.loads(text)
            if not self._is_late(operation):
                self._num_read += 1
                yield operation

    def _has_grown(self) -> bool:
        """Whether there may be something to read in the file: a look that costs a tenth of opening it."""
        try:
            now = self._path.stat()
        except OSError:
            return True
        return (now.st_dev, now.st_ino) != self._file or now.st_size != self._offset

    def _read_file(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        with self._opened() as file:
            status = os.fstat(file.fileno())
            self._file = (status.st_dev, status.st_ino)
            file.seek(self._offset)
            for line, operation in self._operations(file):
                self._offset += len(line)
                if is_sealed(line):
                    self._sealed = line
                if operation is None or self._is_late(operation):
                    continue
                self._num_read += 1
                if self._num_read > log_number_from:
                    yield operation

    def _operations(self, file: BinaryIO) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
        """Each line from where reading stopped with what it says, None where that is passed over."""
        for lines in self._whole_lines(file):
            parsed = self._parsed_at_once(lines)
            for line in lines:
                self._line = line
                if line.startswith(self._passed_over):
                    yield line, None
                else:
                    yield line, next(parsed) if parsed is not None else self._parsed(line)

    def misread(self, error: Exception) -> DataError:
        """What to raise where the last operation cannot be applied; the error itself where the line is as written."""
        if not self._line or is_sealed(self._line):
            raise error
        return self._damaged(self._offset - len(self._line), f"it is no operation that Optuna writes ({_said(error)})")

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write all of the operations or none; ClusterError where the disk does not take them."""
        if self._locked is None:
            with self._writing():
                self._locked = _locked(self._path)
        self._unwritten += [json.dumps(log, separators=(",", ":")) for log in logs]
        self._must_last |= not all(any(key in log for key in _NEED_NOT_LAST) for log in logs)
        if not self._collects:
            self.end()

    def begin(self) -> None:
        """Collect what is appended until `end`; from the first operation on nobody else writes to the file.

        It is read back at once, as if it were written. A process that is killed before `end` leaves nothing of it.
        """
        self._collects = True

    def end(self) -> None:
        """Write what was collected; ClusterError where the disk does not take it.

        What has been read by then is written with the next operation, if nobody else has written before.
        """
        self._collects = False
        descriptor, self._locked = self._locked, None
        if descriptor is None:
            return
        try:
            with self._writing():
                self._write(descriptor)
        finally:
            os.close(descriptor)
            if not self._num_told:
                self._unwritten, self._must_last = [], False

    def _write(self, descriptor: int) -> None:
        lines = sealed(self._unwritten, self._crc_at_end(descriptor))
        _write_whole(descriptor, lines)
        told = lines.splitlines(keepends=True)[: self._num_told]
        self._offset += sum(map(len, told))
        self._sealed = told[-1] if told else self._sealed
        must_last, self._must_last = self._must_last, False
        self._unwritten, self._num_told = [], 0
        if must_last:
            os.fsync(descriptor)

    def _crc_at_end(self, descriptor: int) -> int:
        """What the next line begins with, after a torn one has been cut off; ClusterError where that is not known."""
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) == self._file and status.st_size == self._offset:
            return crc_after(self._sealed)
        cut_torn_line(descriptor)
        if self._num_told and os.fstat(descriptor).st_size != self._offset:
            raise ClusterError(f"others wrote to the store `{self._path}` where this driver could not", _HINT)
        return crc_of(descriptor)

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._path, ClusterError, _HINT, noun="the store")

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
        with reading(self._path, DataError, noun="the store"):
            return self._path.open("rb")

    def _begin_anew(self) -> None:
        self._offset = 0
        self._line = b""  # the last that was read
        self._sealed = b""  # the last of those with a checksum

    def _whole_lines(self, file: BinaryIO) -> Iterator[list[bytes]]:
        """The lines from where reading stopped, of which many at a time are looked at for their checksums."""
        while lines := file.readlines(_BATCH):
            unended = b"" if lines[-1].endswith(b"\n") else lines.pop()
            if lines and not are_right(lines, self._sealed):
                self._refuse_wrong(lines, file)
            yield lines
            if unended:
                return self._refuse_whole(unended)
        return None

    def _refuse_wrong(self, lines: list[bytes], file: BinaryIO) -> None:
        before = max(0, self._offset - _BLOCK)
        wrong = first_wrong(lines, self._sealed, os.pread(file.fileno(), self._offset - before, before))
        if wrong is not None:
            raise self._damaged(self._offset + sum(map(len, lines[:wrong])), "its checksum is wrong")

    def _refuse_whole(self, unended: bytes) -> None:
        """DataError for a line of which only the newline is another byte; any other is torn or being written."""
        if is_whole(unended):
            raise self._damaged(self._offset, "it does not end")

    def _parsed_at_once(self, lines: list[bytes]) -> Iterator[dict[str, Any]] | None:
        """What lines say that are not passed over, as one document, so that a record holds each of their keys once.

        That is a quarter of what it holds. None where the document is not an operation with a checksum for each line.
        """
        kept = [line for line in lines if not line.startswith(self._passed_over)]
        try:
            found: list[dict[str, Any]] = json.loads(b"[%b]" % b",".join(kept))
        except (ValueError, RecursionError):
            return None
        if len(found) != len(kept) or not all(type(operation) is dict and CHECKSUM in operation for operation in found):
            return None
        for operation in found:
            del operation[CHECKSUM]
        return iter(found)

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            text = line.decode()
            operation, end = _DECODER.raw_decode(text)  # a third quicker than `json.loads`
            if not text[end:].isspace():
                raise ValueError("two operations on one line")
            if type(operation) is not dict:
                raise ValueError("no operation")
            operation.pop(CHECKSUM, None)
        except (ValueError, RecursionError) as error:
            raise self._damaged(self._offset, _said(error)) from error
        found: dict[str, Any] = operation
        return found

    def _damaged(self, offset: int, reason: str) -> DataError:
        with self._opened() as file:
            number = file.read(offset).count(b"\n") + 1
        message = f"line {number} of `{self._path}` is damaged, at byte {offset}: {reason}"
        keep = f"keep the {number - 1} lines before it: `head -n {number - 1}`"
        return DataError(message, f"restore the file from a copy, or {keep if number > 1 else 'start with `--fresh`'}")


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, KeyError) and error.args:
        return f"no `{error.args[0]}`"
    return str(error) or "it is of another kind"


def _locked(path: Path) -> int:
    """A descriptor that appends to an existing journal; nobody else has one until it is closed."""
    # Without O_CREAT: a journal that was moved away must not be begun anew half-way.
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


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
