"""The names under which failures are counted."""

from __future__ import annotations

import errno

import pytest
import torch

from ferray.errors import ConfigError, DataError
from ferray.events import FailureReason
from ferray.train.failure import Failure, is_out_of_memory, reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), FailureReason.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), FailureReason.OUT_OF_MEMORY),
        (MemoryError(), FailureReason.OUT_OF_MEMORY),
        (DataError("image `a.png` cannot be decoded"), FailureReason.BAD_SAMPLE),
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


def test_failure_is_told_by_one_line() -> None:
    assert Failure.of(RuntimeError("shapes differ\n  at line 3")).message == "RuntimeError: shapes differ"
