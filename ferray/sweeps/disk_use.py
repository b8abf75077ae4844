"""What a sweep's folder holds on the disk, found without knowing what a network is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.output_address import sweep_address
from ferray.text.counting import counted, gibibytes

FEW = 3  # checkpoints that are advised to be kept where disks are full
LARGE = 2**30  # bytes of checkpoints from which that is advised


@dataclass(frozen=True)
class DiskUse:
    """Bytes that a sweep's folder holds, those of them in the best.pt of its trials, and how many trials have one."""

    held: int
    kept: int
    trials: int

    @property
    def is_large(self) -> bool:
        """Whether keeping but a few of the checkpoints would be felt."""
        return self.trials > FEW and self.kept >= LARGE

    def sentence(self, folder: str) -> str:
        """The same in words."""
        held = f"`{folder}` holds {gibibytes(self.held)}"
        if not self.trials:
            return f"{held} and no checkpoint of a trial that has ended"
        return f"{held}, {gibibytes(self.kept)} of it the checkpoints of {counted(self.trials, 'trial')}"


def disk_use(folder: Path) -> DiskUse:
    """What the sweep in `folder` holds; what cannot be looked at is left out."""
    held = sum(_size(Path(path, name)) for path, _, names in os.walk(folder) for name in names)
    elsewhere = sweep_address(folder) is not None
    best = [] if elsewhere else [artifacts.best_size() for artifacts in SweepArtifacts.of(folder)]
    return DiskUse(held, sum(best), sum(size > 0 for size in best))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # it has gone meanwhile
        return 0
