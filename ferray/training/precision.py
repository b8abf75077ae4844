"""The device of a trial and the number format it computes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch.amp.autocast_mode import autocast
from torch.amp.grad_scaler import GradScaler

from ferray.errors import ClusterError

NumberFormat = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Precision:
    """Where a trial computes, and in which format its convolutions and products do; sums and losses stay float32."""

    device: torch.device
    dtype: torch.dtype

    def autocast(self) -> autocast:
        return autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32)

    def scaler(self) -> GradScaler:
        """Loss scaling for float16, which passes everything through for the other formats."""
        return GradScaler(self.device.type, enabled=self.dtype == torch.float16)


def choose_precision(device: str, precision: NumberFormat) -> Precision:
    """`auto` is the first GPU where there is one, and there bf16 where it is native; ClusterError for an absent GPU."""
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise ClusterError("device `cuda` is asked for and torch finds no GPU", "pass `--device cpu`, or leave it out")
    chosen = torch.device("cuda", torch.cuda.current_device()) if has_gpu and device != "cpu" else torch.device("cpu")
    return Precision(chosen, _dtype(chosen, precision))


def _dtype(device: torch.device, precision: NumberFormat) -> torch.dtype:
    if precision != "auto":
        dtype: torch.dtype = getattr(torch, precision)
        return dtype
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
