"""The names under which failures are counted."""

from __future__ import annotations

import errno

import pytest
import torch

from ferray.errors import BadSampleError, CheckpointError, ConfigError, DataError, StorageError
from ferray.events import FailureReason
from ferray.training.failure import Failure, is_out_of_memory, reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), FailureReason.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), FailureReason.OUT_OF_MEMORY),
        (MemoryError(), FailureReason.OUT_OF_MEMORY),
        (BadSampleError("image `a.png` is empty"), FailureReason.BAD_SAMPLE),
        (DataError("dataset `sfew` is not under `/data`"), FailureReason.DATA),
        (CheckpointError("`best.pt` is torn"), FailureReason.CHECKPOINT),
        (StorageError("`last.pt` cannot be written: Permission denied"), FailureReason.STORAGE),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), FailureReason.STORAGE),
        (ConfigError("no such stage"), FailureReason.SETTINGS),
        (KeyError("x"), FailureReason.BUG),
    ],
)
def test_failure_has_a_name(error: Exception, reason: FailureReason) -> None:
    assert reason_of(error) is reason


def test_plain_runtime_error_is_not_taken_for_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`",
        "cuFFT error: CUFFT_ALLOC_FAILED",
        "CUDA error: rocblas_status_memory_error when calling `rocblas_create_handle(handle)`",
        "HIP out of memory. Tried to allocate 20.00 GiB",
        "MPS backend out of memory (MPS allocated: 17.9 GB)",
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory",
        "OpenCV(5.0.0) error: (-4:Insufficient memory) Failed to allocate 3221225472 bytes",
    ],
)
def test_library_that_is_refused_memory_is_out_of_memory(message: str) -> None:
    assert is_out_of_memory(RuntimeError(message))


@pytest.mark.parametrize(
    "message",
    [
        "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED",
        "CUDA error: device-side assert",
    ],
)
def test_other_trouble_of_a_library_is_not_lack_of_memory(message: str) -> None:
    assert not is_out_of_memory(RuntimeError(message))


def test_process_that_may_not_map_more_is_out_of_memory() -> None:
    assert reason_of(OSError(errno.ENOMEM, "Cannot allocate memory")) is FailureReason.OUT_OF_MEMORY


def test_lack_of_memory_behind_another_error_keeps_its_name() -> None:
    error = DataError("image `a.png` does not fit into memory")
    error.__cause__ = MemoryError()
    assert reason_of(error) is FailureReason.OUT_OF_MEMORY


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EROFS, errno.EMFILE, errno.ENOTCONN])
def test_disk_that_fails_under_a_picture_is_not_a_bad_sample(number: int) -> None:
    error = DataError("image `a.png` cannot be read")
    error.__cause__ = OSError(number, "so it was")
    assert reason_of(error) is FailureReason.STORAGE


def test_picture_that_nobody_may_read_is_not_a_failure_of_the_disk() -> None:
    error = DataError("image `a.png` cannot be read")
    error.__cause__ = OSError(errno.EACCES, "Permission denied")
    assert reason_of(error) is FailureReason.DATA


def test_full_disk_under_a_checkpoint_keeps_its_name() -> None:
    error = StorageError("`last.pt` cannot be written: No space left on device")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert reason_of(error) is FailureReason.DISK_FULL


def test_failure_is_told_by_one_line() -> None:
    assert Failure.of(RuntimeError("shapes differ\n  at line 3")).message == "RuntimeError: shapes differ"
