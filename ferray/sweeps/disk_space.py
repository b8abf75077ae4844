"""Room on the disk: what is free where a sweep's results go, and about how much its trials write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.keep import keep_words
from ferray.config.modality import trains_on_features
from ferray.config.trial import TrialConfig
from ferray.models.known_networks import KnownNetworks
from ferray.models.size import NetworkSize, network_size
from ferray.text.counting import counted, gibibytes

NOTHING = NetworkSize(0, 0)  # in the place of a size that no network says
MOST_NETWORKS = 12  # that are built in thought; they are the ends of ranges and every component


@dataclass(frozen=True)
class DiskNeed:
    """Bytes free where results go, those that a complete trial leaves, and those that a running one needs at most.

    `kept` is the smallest and the largest best.pt, all folds together; None where no network says. `most` is how many
    complete trials keep theirs, as `Runtime.keep_best`.
    """

    free: int
    kept: tuple[int, int] | None = None
    running: int = 0
    most: int | None = None

    def of_all(self, trials: int, slots: int) -> int:
        """What so many trials, so many at a time, hold at most at once; what ends has a best.pt before it is beaten."""
        if self.kept is None:
            return 0
        slots = min(slots, trials)
        keeping = trials if self.most is None else min(trials, self.most + slots)
        return keeping * self.kept[1] + slots * self.running

    def warning(self, folder: Path, trials: int, slots: int) -> str:
        """A sentence where the disk may become full, else ""."""
        wants = self.of_all(trials, slots)
        if wants <= self.free:
            return ""
        keeping = "" if self.most is None else f" (`--keep {keep_words(self.most)}`)"
        free = f"`{folder}` has {gibibytes(self.free)} free"
        return f"{free}; checkpoints of {counted(trials, 'trial')}{keeping} may take up to {gibibytes(wants)}"


def disk_need(
    configs: Iterable[TrialConfig], num_classes: int, folder: Path, known: KnownNetworks, *, most: int | None = None
) -> DiskNeed:
    """About what trials of these configurations write to `folder`, there yet or not; `most` as in `DiskNeed`."""
    free = shutil.disk_usage(nearest_existing(folder)).free
    sizes = [(size, config.num_folds) for config, size in _sized(configs, num_classes, known)]
    if not sizes:
        return DiskNeed(free, most=most)
    kept = [size.best_checkpoint * folds for size, folds in sizes]
    return DiskNeed(free, (min(kept), max(kept)), max(size.last_checkpoint for size, _ in sizes), most)


def num_kept(folder: Path) -> int:
    """How many trials of the sweep in `folder` have left their checkpoint there already, of folds the first."""
    return sum(trial.best.exists() or trial.fold(0).best.exists() for trial in SweepArtifacts.of(folder))


def _sized(
    configs: Iterable[TrialConfig], num_classes: int, known: KnownNetworks
) -> list[tuple[TrialConfig, NetworkSize]]:
    distinct = {_network_of(config): config for config in configs if not trains_on_features(config)}
    chosen = list(distinct.values())[:MOST_NETWORKS]
    sized = ((config, _size_of(config, num_classes, known)) for config in chosen)
    return [(config, size) for config, size in sized if size is not None]


def _size_of(config: TrialConfig, num_classes: int, known: KnownNetworks) -> NetworkSize | None:
    question = json.dumps(["size", _network_of(config), num_classes])
    size = known.answer(question, [config], lambda: asdict(network_size(config, num_classes) or NOTHING))
    return None if size == asdict(NOTHING) else NetworkSize(**size)


def _network_of(config: TrialConfig) -> str:
    """What decides the size of a checkpoint, as text."""
    parts = [config.backbone.model_dump_json(), config.head.model_dump_json(), config.optimizer.name]
    return f"{parts} {config.image_size} {config.finetune} {config.folds}"


def nearest_existing(folder: Path) -> Path:
    """The folder itself, or the one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
