"""Components that misbehave on purpose, installed as a plug-in package below a folder of the caller's."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import torch
from torch import Tensor

from ferray import registry
from ferray.imbalance import Criterion, ImbalanceStrategy
from ferray.track import Tracker

_POINTS = {
    "hangs": "Hangs",
    "waits": "Waits",
    "dies": "Dies",
    "eats_memory": "EatsMemory",
    "exhausts_cublas": "ExhaustsCublas",
    "explodes": "Explodes",
    "diverges": "Diverges",
}


class When(registry.Params):
    """When it misbehaves: from this epoch on, unless there is this file, which `once` makes it write first."""

    from_epoch: int = 1
    unless: str = ""
    once: bool = False


class _Faulty(ImbalanceStrategy):
    """Plain cross-entropy, but for its moment."""

    Params = When
    _asked = 0

    def criterion(self, progress: float) -> Criterion:
        self._asked += 1
        return super().criterion(progress)

    def _is_the_moment(self) -> bool:
        file = Path(self.params.unless)
        if self._asked < self.params.from_epoch or (self.params.unless and file.exists()):
            return False
        if self.params.once:
            file.touch()
        return True


class Hangs(_Faulty):
    """Sleeps for a day."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        if self._is_the_moment():
            time.sleep(86_400)
        return plain


class Waits(_Faulty):
    """Takes a tenth of a second more an epoch, and goes no further at its moment until the file is there."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        while self._is_the_moment():
            time.sleep(0.1)
        if not Path(self.params.unless).exists():
            time.sleep(0.1)
        return plain


class Dies(_Faulty):
    """Kills the process that it is in, as the kernel does where memory runs out."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        if self._is_the_moment():
            os.kill(os.getpid(), signal.SIGKILL)
        return plain


class EatsMemory(_Faulty):
    """Is refused memory, as by a full GPU."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        if self._is_the_moment():
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return plain


class ExhaustsCublas(_Faulty):
    """Is refused memory by a library, in a plain RuntimeError of its own words."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        if self._is_the_moment():
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
        return plain


class Explodes(_Faulty):
    """Has a bug."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        if self._is_the_moment():
            raise RuntimeError("index 7 is out of bounds")
        return plain


class Diverges(_Faulty):
    """Has a loss that is not a number."""

    def criterion(self, progress: float) -> Criterion:
        plain = super().criterion(progress)
        if not self._is_the_moment():
            return plain

        def not_a_number(logits_NC: Tensor, target_NC: Tensor) -> Tensor:
            return plain(logits_NC, target_NC) * torch.nan

        return not_a_number


class Unbuildable(Tracker):
    """May not write where it wants to."""

    def __init__(self, folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "notes"))


def install(folder: Path) -> Path:
    """Write the package's metadata below `folder`, which is then to be on PYTHONPATH; returns `folder`."""
    package = folder / "ferray_faulty-1.0.dist-info"
    package.mkdir(parents=True, exist_ok=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: ferray-faulty\nVersion: 1.0\n")
    lines = [f"{name} = ferray.testing.faulty:{cls}" for name, cls in _POINTS.items()]
    trackers = ["[ferray.track]", "unbuildable = ferray.testing.faulty:Unbuildable"]
    (package / "entry_points.txt").write_text("\n".join(["[ferray.imbalance]", *lines, *trackers, ""]))
    return folder
