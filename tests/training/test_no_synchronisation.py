"""Within an epoch nothing is read back from the device, where each reading would wait for all that was launched.

Shown on a CPU: what would be a reading there is the same operation, and their number must not grow with the batches.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ferray.registry import ROOMS
from ferray.testing.trials import demo_config, demo_job, packed_samples
from ferray.training.assemble import assemble
from ferray.training.criterion import training_criterion
from ferray.training.epoch import run_epoch
from ferray.training.training_set import TrainingSet

# What gives the host a number, or sizes its result by what is in a tensor.
READINGS = ("_local_scalar_dense", "nonzero", "masked_select", "bincount", "unique", "_unique2", "equal", "is_nonzero")
DEVICE = {"augment_on": "device"}
SWITCHES: dict[str, dict[str, Any]] = {
    "plain": {},
    "sgd, norms clipped, averaged": {"optimizer": {"name": "sgd"}, "clip": {"mode": "norm"}, "ema": True},
    "values clipped, views, own mean": {"clip": {"mode": "value"}, "evaluate": {"flip": True, "crops": 5}}
    | {"pixels": {"normalise": "image_std"}},
    "augmented on the device": {**DEVICE, "augment": "wang2020", "random_erasing": True, "label_smoothing": 0.1},
    "mixed on the device": {**DEVICE, "augment": "rand_augment", "mixup": {"alpha": 0.4, "cutmix_alpha": 1}},
}
CRITERIA: list[dict[str, str]] = [{"loss": name} for name in ROOMS["loss"].names()]
CRITERIA += [{"imbalance": name} for name in ROOMS["imbalance"].names()]


class Readings(TorchDispatchMode):
    """Counts the operations that would wait for a device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.partition("::")[2]
        of_mask = name in ("index", "index_put_") and any(
            isinstance(index, torch.Tensor) and index.dtype == torch.bool for index in args[1]
        )
        if name in READINGS or of_mask:
            self.found[name] += 1
        return func(*args, **(kwargs or {}))


def readings(folder: Path, cache: Path, *, batch_size: int, **keys: Any) -> Counter[str]:
    """Those of the second epoch, once what is made at first has been made."""
    config = demo_config(batch_size=batch_size, num_train=28, num_val=14, **keys)
    parts = assemble(demo_job(folder, cache, config))
    with parts.randomness.active():
        run_epoch(parts, 1)
        with Readings() as counted:
            run_epoch(parts, 2)
    parts.prefetcher.close()
    return counted.found


@pytest.mark.parametrize("keys", SWITCHES.values(), ids=SWITCHES)
def test_more_batches_are_no_more_readings(keys: dict[str, Any], tmp_path: Path, cache: Path) -> None:
    few, many = (readings(tmp_path, cache, batch_size=size, **keys) for size in (14, 4))
    assert few == many


@pytest.mark.parametrize("keys", CRITERIA, ids=str)
def test_a_loss_reads_nothing_back(keys: dict[str, str]) -> None:
    config = demo_config(**keys)
    strategy = TrainingSet(packed_samples([0, 1, 2, 3, 4, 5, 6, 6]), config.imbalance).strategy
    criterion, target_NC = training_criterion(config, strategy, 0.5), torch.eye(7)
    with Readings() as counted:
        criterion(torch.zeros(7, 7), target_NC)
    assert not counted.found
