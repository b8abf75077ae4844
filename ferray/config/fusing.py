"""Which trials train as one where they share a worker: linear heads on kept features, told by their configuration.

`ferray.training.fused_heads` does it, and decides by what a trial is made of; this says which bundles are worth it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol, TypeVar

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig

OPTIMIZERS = ("adam", "adamw", "sgd")
BUNDLE = 16  # trials: as many heads as a stack has
ROUNDS = 8  # of asking that a sampler which learns from trials has at least: what is asked together learns nothing
UNLEARNING = ("random",)  # samplers to which that makes no difference


def keeps_features(config: TrialConfig) -> bool:
    """Whether a head alone is trained, on what a frozen backbone makes of each image once."""
    changes = (config.augment.name != "none", config.random_erasing, config.mixup, config.evaluate.num_views > 1)
    return config.finetune == "head" and config.estimator.name == "none" and not any(changes)


def obstacles(config: TrialConfig, runtime: Runtime) -> list[str]:
    """The keys for which such a head trains by itself; a hidden layer pays for sure on a GPU alone."""
    has_gpu = runtime.device != "cpu" and runtime.gpus_per_trial != 0
    found = {
        f"optimizer: {config.optimizer.name}": config.optimizer.name not in OPTIMIZERS,
        f"head: {config.head.name}": config.head.name != "linear" and not has_gpu,
        "precision: float16": config.precision == "float16",
    }
    named = {name: getattr(config, name) for name in ("unfreeze", "ema", "clip", "stages", "init_from")}
    return [key for key, stands in (found | named).items() if stands]


def fuses(config: TrialConfig, runtime: Runtime) -> bool:
    """Whether a trial of this configuration trains as one with others."""
    return keeps_features(config) and not obstacles(config, runtime)


def apart_warning(configs: Sequence[TrialConfig], runtime: Runtime) -> str:
    """What is said of a sweep of heads that could train as one but for some keys; "" of any other."""
    if "trials_per_worker" in runtime.model_fields_set or not all(map(keeps_features, configs)):
        return ""
    keys = dict.fromkeys(key for config in configs for key in obstacles(config, runtime))
    if not keys:
        return ""
    named = ", ".join(f"`{key}`" for key in keys)
    return f"each head trains by itself: all could train as one, but for {named}"


def trials_together(configs: Sequence[TrialConfig], runtime: Runtime, spec: SweepSpec, *, slots: int) -> int:
    """How many trials of a sweep are to share a worker, where the runtime does not say: more than one if all fuse.

    No more than leave each of the slots a bundle, and a sampler that learns ROUNDS bundles one after another.
    """
    if "trials_per_worker" in runtime.model_fields_set or not all(fuses(config, runtime) for config in configs):
        return runtime.trials_per_worker
    rounds = 1 if spec.sampler.name in UNLEARNING else ROUNDS
    return max(1, min(BUNDLE, spec.budget.trials // (max(1, slots) * rounds)))


class HasConfig(Protocol):
    """A trial of any kind."""

    @property
    def config(self) -> TrialConfig: ...


Trial = TypeVar("Trial", bound=HasConfig)


def cut_by_features(trials: Sequence[Trial], runtime: Runtime) -> list[list[Trial]]:
    """The trials of each worker: in their order, or where all fuse those on the same features side by side."""
    each, cut = runtime.trials_per_worker, list(trials)
    if each > 1 and all(fuses(trial.config, runtime) for trial in trials):
        cut.sort(key=lambda trial: features_key(trial.config))
    return [cut[first : first + each] for first in range(0, len(cut), each)]


def features_key(config: TrialConfig) -> str:
    """Equal for trials that may train on the same kept features in batches of one size."""
    parts = (config.dataset, config.descriptor, config.pixels, config.backbone)
    shape = [config.head.name, config.image_size, config.batch_size, config.exclude, config.limit_per_class]
    return json.dumps([*(part.model_dump(mode="json") for part in parts), *shape])
