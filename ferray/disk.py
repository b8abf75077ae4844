"""Room on the disk: what is free where a sweep's results go, and about how much its trials write."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ferray.config.route import trains_on_features
from ferray.config.trial import TrialConfig
from ferray.models.size import NetworkSize, network_size
from ferray.train.folder import BEST_CHECKPOINT

MOST_NETWORKS = 12  # that are built in thought; they are the ends of ranges and every component


@dataclass(frozen=True)
class DiskNeed:
    """Bytes free where results go, those that a complete trial leaves, and those that a running one needs at most.

    `kept` is the smallest and the largest best.pt, all folds together; None where no network says.
    """

    free: int
    kept: tuple[int, int] | None = None
    running: int = 0

    def of_all(self, trials: int, slots: int) -> int:
        """What so many trials, so many at a time, write at most."""
        return trials * self.kept[1] + min(slots, trials) * self.running if self.kept else 0

    def warning(self, folder: Path, trials: int, slots: int) -> str:
        """A sentence where the disk may become full, else ""."""
        wants = self.of_all(trials, slots)
        if wants <= self.free:
            return ""
        of = f"{trials} trial" if trials == 1 else f"{trials} trials"
        return f"`{folder}` has {gibibytes(self.free)} free; checkpoints of {of} may take up to {gibibytes(wants)}"


def disk_need(configs: Iterable[TrialConfig], num_classes: int, folder: Path) -> DiskNeed:
    """About what trials of these configurations write to `folder`, which need not exist yet."""
    free = shutil.disk_usage(nearest_existing(folder)).free
    sizes = [(size, config.num_folds) for config, size in _sized(configs, num_classes)]
    if not sizes:
        return DiskNeed(free)
    kept = [size.best_checkpoint * folds for size, folds in sizes]
    return DiskNeed(free, (min(kept), max(kept)), max(size.last_checkpoint for size, _ in sizes))


def num_kept(folder: Path) -> int:
    """How many trials of the sweep in `folder` have left their checkpoint there already, of folds the first."""
    trials = (folder / "trials").glob("*")
    return sum((trial / BEST_CHECKPOINT).exists() or (trial / "fold-0" / BEST_CHECKPOINT).exists() for trial in trials)


def _sized(configs: Iterable[TrialConfig], num_classes: int) -> list[tuple[TrialConfig, NetworkSize]]:
    distinct = {_network_of(config): config for config in configs if not trains_on_features(config)}
    chosen = list(distinct.values())[:MOST_NETWORKS]
    sized = ((config, network_size(config, num_classes)) for config in chosen)
    return [(config, size) for config, size in sized if size is not None]


def _network_of(config: TrialConfig) -> str:
    """What decides the size of a checkpoint, as text."""
    parts = [config.backbone.model_dump_json(), config.head.model_dump_json(), config.optimizer.name]
    return f"{parts} {config.image_size} {config.finetune} {config.folds}"


def nearest_existing(folder: Path) -> Path:
    """The folder itself, or the one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def gibibytes(count: int) -> str:
    """`0.3 MiB`, `94 MiB`, `5.3 GiB`."""
    mebi = count / 2**20
    if mebi >= 1000:
        return f"{mebi / 1024:.3g} GiB" if mebi < 1024 * 100 else f"{mebi / 1024:,.0f} GiB"
    return f"{mebi:.1f} MiB" if mebi < 10 else f"{mebi:.0f} MiB"
