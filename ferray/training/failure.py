"""What went wrong in a trial, without the error: its traceback would keep alive whatever the trial held."""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ferray.errors import BadSampleError, CheckpointError, ConfigError, DataError, FerrayError, StorageError
from ferray.events import FailureReason

LONGEST_MESSAGE = 500
NAMES = {
    BadSampleError: FailureReason.BAD_SAMPLE,
    CheckpointError: FailureReason.CHECKPOINT,
    DataError: FailureReason.DATA,
    ConfigError: FailureReason.SETTINGS,
}
DISK_FAILS = frozenset(  # whatever is read or written; a file that is not there is no failure of the disk
    getattr(errno, name)
    for name in ("EIO", "ESTALE", "EROFS", "EMFILE", "ENFILE", "ENXIO", "ENODEV", "ENOTCONN", "ETIMEDOUT", "EREMOTEIO")
    if hasattr(errno, name)
)
OUT_OF_MEMORY = re.compile(
    "out of memory"  # CUDA, HIP, MPS and XPU alike
    "|(can't|cannot) allocate memory|not enough memory"  # the host's, by the names of three systems
    "|_status_(alloc_failed|memory_error)|cufft_alloc_failed|insufficient memory",  # of NVIDIA, of AMD, of OpenCV
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Failure:
    """An error as text: one sentence, the name under which it is counted, and the whole traceback."""

    message: str
    reason: FailureReason
    traceback: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """All that is to be known of an error after its `except` block."""
        message = error.message if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"
        text = "".join(traceback.format_exception(error))
        return cls(message.split("\n", 1)[0][:LONGEST_MESSAGE], reason_of(error), text)


def reason_of(error: Exception) -> FailureReason:
    """The name under which a failure is counted."""
    if is_out_of_memory(error):
        return FailureReason.OUT_OF_MEMORY
    if is_disk_full(error):
        return FailureReason.DISK_FULL
    if is_of_storage(error):
        return FailureReason.STORAGE
    return next((reason for kind, reason in NAMES.items() if isinstance(error, kind)), FailureReason.BUG)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory of the GPU or of the host was refused, somewhere down the chain of causes."""
    return any(map(_is_refused_memory, _chain(error)))


def is_disk_full(error: BaseException) -> bool:
    """Whether a disk or a quota had no room left, somewhere down the chain of causes."""
    full = (errno.ENOSPC, errno.EDQUOT)
    return any(isinstance(cause, OSError) and cause.errno in full for cause in _chain(error))


def is_of_storage(error: BaseException) -> bool:
    """Whether a disk failed: it said so to ferray's own files, or behind whatever else it was that could not be had."""
    if isinstance(error, StorageError | OSError):
        return True
    return any(isinstance(cause, OSError) and cause.errno in DISK_FAILS for cause in _chain(error))


def _is_refused_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # torch raises plain RuntimeErrors for the host's memory and for that of CUDA's libraries, OpenCV its own error.
    return not isinstance(error, FerrayError) and OUT_OF_MEMORY.search(str(error)) is not None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
