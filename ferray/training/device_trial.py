"""`DeviceTrial`: a training on noise, of the shapes that a workload has, to see what it takes of a device and gives.

N = samples, H and W = pixels, D = features.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.data.samples import PackedSamples, SealedSplit, Splits
from ferray.events import EpochReport
from ferray.system.lean_imports import import_lean
from ferray.training.assemble import Assembly, assembly_of
from ferray.training.backbone_features import keep_features
from ferray.training.epoch import run_epoch
from ferray.training.precision import choose_precision
from ferray.training.process_state import give_memory_back

BATCHES = 8  # of an epoch
DISTINCT = 64  # pictures, which samples share: what is in them changes no time and no memory


class DeviceTrial:
    """Trains as a trial does, data aside: the same steps, evaluation, augmentation and threads.

    Building it takes one epoch, after which its memory is at its highest. Raises what the device raises.
    """

    def __init__(self, workload: Workload, device: str = "auto", *, batches: int = BATCHES) -> None:
        import_lean()
        config = TrialConfig.model_validate(workload.config)
        precision = choose_precision(device, config.precision)
        splits, size = _noise(workload, batches), workload.image_size
        parts = assembly_of(config, splits, precision, size=size, threads=workload.threads)
        self._parts: Assembly | None = keep_features(parts)
        self.epoch()

    def images_per_s(self, seconds: float) -> float:
        """Whole epochs for so long at least, one epoch at least: the images that were trained on, by the clock."""
        images, started = 0, time.perf_counter()
        while not images or time.perf_counter() - started < seconds:
            images += self.epoch().num_train
        return images / (time.perf_counter() - started)

    def close(self) -> None:
        """Give the memory back."""
        if self._parts is not None:
            self._parts.prefetcher.close()
        self._parts = None
        give_memory_back()

    def epoch(self) -> EpochReport:
        """Train and judge once more."""
        assert self._parts is not None, "it is not closed"
        with self._parts.randomness.active():
            return run_epoch(self._parts, 1).report


def _noise(workload: Workload, batches: int) -> Splits:
    """Splits of noise with every class in them, of so many batches; validation has one of its own batches."""
    random = np.random.default_rng(0)
    num_train, num_val = batches * workload.batch_size, max(32, 2 * workload.batch_size)
    side = workload.image_size if workload.num_inputs is None else 0
    pictures = random.integers(0, 256, (DISTINCT, side, side, 3), dtype=np.uint8)
    rows = None
    if workload.num_inputs is not None:
        rows = random.standard_normal((DISTINCT, workload.num_inputs), dtype=np.float32)
    classes = tuple(f"class {number}" for number in range(workload.num_classes))

    def split(first: int, count: int) -> PackedSamples:
        ids = np.arange(first, first + count)
        labels = ids % workload.num_classes
        names = tuple(f"noise {number}" for number in ids)
        return PackedSamples(pictures, ids % DISTINCT, labels, ids, np.full(count, -1), names, classes, rows)

    val = split(num_train, num_val)
    return Splits(split(0, num_train), val, SealedSplit(val))


def torch_memory() -> tuple[int, int, int]:
    """Of this process's GPU: the most bytes that torch has held since it was asked before, all that are in use by
    anybody but torch's own tensors here, and all that there are.
    """
    free, total = torch.cuda.mem_get_info()
    reserved, peak = torch.cuda.memory_reserved(), torch.cuda.max_memory_reserved()
    torch.cuda.reset_peak_memory_stats()
    return peak, total - free - reserved, total
