"""Which trials train as one where they share a worker: linear heads on kept features, told by their configuration.

`ferray.training.fused_heads` does it, and decides by what a trial is made of; this says which bundles are worth it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ferray.config.runtime import Runtime
from ferray.config.space import Choice, Seeds
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig

OPTIMIZERS = ("adam", "adamw", "sgd")
BUNDLE = 16  # trials: as many heads as a stack has
AHEAD = 8 * BUNDLE  # trials in flight at most, where nothing is learnt from those that end
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
    rounds = ROUNDS if learns(spec) else 1
    return max(1, min(BUNDLE, spec.budget.trials // (max(1, slots) * rounds)))


def together_line(configs: Sequence[TrialConfig], runtime: Runtime, spec: SweepSpec, *, together: int) -> str:
    """What is said of trials that share a worker, and why so many; "" where each has its own."""
    if together == 1:
        return ""
    share, fused = f"{together} trials share a worker", all(fuses(config, runtime) for config in configs)
    if "trials_per_worker" in runtime.model_fields_set:
        return f"{share}, as asked: " + ("heads on the same features train as one" if fused else "they take turns")
    few = f"; no more, so that `{spec.sampler.name}` learns between them" if learns(spec) else ""
    why = "heads on the same features train as one"
    return f"{share}: {why}{few if together < BUNDLE else ''}"


def learns(spec: SweepSpec) -> bool:
    """Whether what comes of trials changes what is proposed after them."""
    counted_out = all(
        isinstance(node, Seeds) or (isinstance(node, Choice) and node.exhaustive) for node in spec.nodes.values()
    )
    return spec.sampler.name not in UNLEARNING and not counted_out


def room_ahead(spec: SweepSpec, *, asked: int, in_flight: int) -> int:
    """How many trials may be asked before there is a worker for them, where bundles have use for a choice.

    `asked` are all so far, `in_flight` those of them that have not ended. A sampler that learns is asked no others
    ahead than the random ones that it begins with: what it proposes early is worse for it.
    """
    if not learns(spec):
        return max(0, AHEAD - in_flight)
    startup: int = getattr(spec.sampler.build_params(), "startup_trials", 0)
    return max(0, startup - asked)


def features_key(config: TrialConfig) -> str:
    """Equal for trials that may train on the same kept features in batches of one size."""
    parts = (config.dataset, config.descriptor, config.pixels, config.backbone)
    shape = [config.head.name, config.image_size, config.batch_size, config.exclude, config.limit_per_class]
    return json.dumps([*(part.model_dump(mode="json") for part in parts), *shape])
