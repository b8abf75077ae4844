"""What a trial could leave behind in a warm worker's process, put back to what it was before the first one."""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ferray.system.allocator import trim_freed_memory

SPARE_BYTES = 512 * 2**20  # that the next trial of a worker has at once, and does without faulting in


@dataclass(frozen=True)
class ProcessState:
    """torch's process-wide switches, and the global random states that plug-ins may have drawn from.

    ferray's own code touches none of them outside a scope that restores it; a component of another package may.
    """

    dtype: torch.dtype
    grad: bool
    anomaly: bool
    deterministic: bool
    autocast: tuple[bool, bool]
    cudnn: tuple[bool, bool, bool, bool]
    matmul_precision: str
    torch_random: torch.Tensor
    numpy_random: Any
    python_random: Any

    @classmethod
    def capture(cls) -> ProcessState:
        """The state as it is now."""
        cudnn = torch.backends.cudnn
        return cls(
            dtype=torch.get_default_dtype(),
            grad=torch.is_grad_enabled(),
            anomaly=torch.is_anomaly_enabled(),
            deterministic=torch.are_deterministic_algorithms_enabled(),
            autocast=(torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")),
            cudnn=(cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32),
            matmul_precision=torch.get_float32_matmul_precision(),
            torch_random=torch.get_rng_state(),
            numpy_random=np.random.get_state(),  # noqa: NPY002 (what a plug-in may draw from)
            python_random=random.getstate(),
        )

    def restore(self) -> None:
        """Put everything back."""
        cudnn = torch.backends.cudnn
        torch.set_default_dtype(self.dtype)
        torch.set_grad_enabled(self.grad)
        torch.autograd.set_detect_anomaly(self.anomaly)
        if torch.are_deterministic_algorithms_enabled() != self.deterministic:
            # A call that changes nothing imports torch's compiler all the same: seconds, and 140 MiB of a worker.
            torch.use_deterministic_algorithms(self.deterministic)
        for device, enabled in zip(("cpu", "cuda"), self.autocast, strict=True):
            torch.set_autocast_enabled(device, enabled)
        cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = self.cudnn
        torch.set_float32_matmul_precision(self.matmul_precision)
        torch.set_rng_state(self.torch_random)
        np.random.set_state(self.numpy_random)  # noqa: NPY002
        random.setstate(self.python_random)


def give_memory_back() -> None:
    """Free what nothing but cycles holds, what torch keeps of the GPU for later, and of RAM all but a little."""
    gc.collect()
    trim_freed_memory(spare=SPARE_BYTES)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch does not type it
        torch.cuda.empty_cache()
