"""What went wrong in a trial, without the error: its traceback would keep alive whatever the trial held."""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ferray.errors import ConfigError, DataError, FerrayError
from ferray.events import FailureReason

LONGEST_MESSAGE = 500
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
    if isinstance(error, DataError):
        return FailureReason.BAD_SAMPLE
    return FailureReason.SETTINGS if isinstance(error, ConfigError) else FailureReason.BUG


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory of the GPU or of the host was refused, somewhere down the chain of causes."""
    return any(map(_is_refused_memory, _chain(error)))


def is_disk_full(error: BaseException) -> bool:
    """Whether a disk or a quota had no room left, somewhere down the chain of causes."""
    full = (errno.ENOSPC, errno.EDQUOT)
    return any(isinstance(cause, OSError) and cause.errno in full for cause in _chain(error))


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
