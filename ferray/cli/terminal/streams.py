"""stdout and stderr of a command, whatever they are: closed, full, a pipe without a reader, a terminal that is gone."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from ferray.errors import StorageError
from ferray.files.os_errors import system_words


class ReaderLeft(Exception):
    """Whoever read stdout has had enough, as `head`: no error, and nothing that a library should act on."""


class _Told(io.FileIO):
    """Data: where it cannot be written the command ends with a sentence, and in silence where nobody reads on.

    What is still to be written then, at the end of the process too, goes nowhere.
    """

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if isinstance(error, BrokenPipeError):
                raise ReaderLeft from error
            message = f"stdout cannot be written: {system_words(error)}"
            raise StorageError(message, "send it elsewhere; whatever ran is kept") from error


class _Unheard(io.FileIO):
    """Progress and warnings: where they cannot be written, nobody listens, and the command goes on."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def open_streams() -> None:
    """Let both be written as above. A stream that the caller has closed is closed to others too.

    Otherwise the next file that is opened would take its number, and be written by whatever writes to stderr.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_RDWR)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the lowest number that is free
    if sys.stdout is sys.__stdout__:
        sys.stdout = _stream(_Told(1, "wb", closefd=False), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(_Unheard(2, "wb", closefd=False), sys.stderr)


def _stream(raw: io.FileIO, former: Any) -> io.TextIOWrapper:
    """A stream over `raw` that encodes and waits as the former one did, which is None where it was closed."""
    if former is None:
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=former.encoding,
        errors=former.errors,
        line_buffering=former.line_buffering,
        write_through=former.write_through,
    )
