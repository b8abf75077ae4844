"""`Workload`: what a training asks of a device, whatever it learns from: network, size, batch, number format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from ferray.config.trial import TrialConfig

# What changes neither the shapes of a step nor what is done in it.
_LEFT_OUT = (
    *("seed", "folds", "exclude", "limit_per_class", "init_from", "stages", "descriptor", "estimator"),
    *("imbalance", "outliers", "schedule", "early_stopping", "label_smoothing", "unfreeze", "epochs"),
)
_LIGHT_OPTIMIZERS = ("sgd",)  # that keep one moment of each weight; others keep two


@dataclass(frozen=True)
class Workload:
    """One kind of training. `config` is a `TrialConfig` as JSON, its numbers that are no whole ones at their defaults.

    `image_size` is the side in pixels, `num_inputs` the length of a row where the network sees no images, `threads`
    prepare batches.
    """

    config: dict[str, Any]
    image_size: int
    num_classes: int
    num_inputs: int | None = None
    threads: int = 1

    @classmethod
    def of(
        cls, config: TrialConfig, *, image_size: int, num_classes: int, num_inputs: int | None = None, threads: int = 1
    ) -> Workload:
        """What trials of this configuration ask for, and all that differ from it in numbers alone."""
        return cls(_shapes_alone(config), image_size, num_classes, num_inputs, threads)

    @property
    def batch_size(self) -> int:
        """Samples in a batch of training."""
        return int(self.config["batch_size"])

    @property
    def lies_on_device(self) -> bool:
        """Whether its images may lie on the device, as far as they fit."""
        return self.config.get("augment_on") == "device" and self.num_inputs is None

    @property
    def called(self) -> str:
        """The backbone by its name, `resnet18`."""
        ((name, params),) = self.config["backbone"].items()
        return str(params.get("name", name))

    def __str__(self) -> str:
        """`resnet18 at 224 px in batches of 64`."""
        seen = f"at {self.image_size} px" if self.num_inputs is None else f"on {self.num_inputs:,} features"
        return f"{self.called} {seen} in batches of {self.batch_size}"

    @cached_property
    def key(self) -> str:
        """16 hex digits, the same for all trainings that ask for the same."""
        return _digest(self._facts())

    @cached_property
    def family(self) -> str:
        """The same for trainings that differ in the size of their batches alone."""
        return _digest({**self._facts(), "config": {**self.config, "batch_size": 0}})

    def _facts(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name in self.__dataclass_fields__}


def heaviest(workloads: Sequence[Workload]) -> list[Workload]:
    """One for each backbone: with the largest batches and images, the optimiser and the number format that take most,
    as a search may put them together, whatever was told apart.
    """
    merged: dict[str, Workload] = {}
    for workload in workloads:
        kind = f"{json.dumps(workload.config['backbone'])} {workload.num_inputs}"
        merged.setdefault(kind, _with_most(workload, workloads))
    return list(merged.values())


def _with_most(workload: Workload, among: Sequence[Workload]) -> Workload:
    configs = [other.config for other in among]
    optimizers = sorted((config["optimizer"] for config in configs), key=lambda each: each["name"] in _LIGHT_OPTIMIZERS)
    precisions = [config["precision"] for config in configs]
    averages = [config["ema"] for config in configs if config.get("ema")]
    most: dict[str, Any] = {
        "batch_size": max(config["batch_size"] for config in configs),
        "optimizer": optimizers[0],
        "finetune": max((config["finetune"] for config in configs), key=_num_trained),
        "precision": "float32" if "float32" in precisions else precisions[0],
        "ema": averages[0] if averages else None,
        "augment_on": "device" if any(other.lies_on_device for other in among) else "host",
    }
    size = max(other.image_size for other in among if (other.num_inputs is None) == (workload.num_inputs is None))
    return replace(workload, config={**workload.config, **most}, image_size=size)


def _num_trained(finetune: str | int) -> float:
    return {"all": float("inf"), "head": 0.0}[finetune] if isinstance(finetune, str) else float(finetune)


def _shapes_alone(config: TrialConfig) -> dict[str, Any]:
    """The configuration without weights, data and numbers that no shape depends on."""
    given = config.to_json()
    plain = {key: value for key, value in given.items() if key not in _LEFT_OUT}
    ((name, params),) = given["backbone"].items()
    blank = {key: value for key, value in {"pretrained": False, "weights": None}.items() if key in params}
    plain |= {"dataset": "demo", "backbone": {name: {**params, **blank}}, "epochs": 1}
    try:
        return TrialConfig.model_validate(_without_fractions(plain)).to_json()
    except ValidationError:  # a plug-in's parameter that has no default
        return TrialConfig.model_validate(plain).to_json()


def _without_fractions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_fractions(each) for key, each in value.items() if not isinstance(each, float)}
    return value


def _digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
