"""The closed choices of optimiser and learning-rate schedule, on torch's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from ferray.config.optimizer import OptimizerConfig
from ferray.config.schedule import ScheduleConfig

Factor = Callable[[float], float]


def build_optimizer(config: OptimizerConfig, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """The optimiser over `parameters`, which lie on the device they are trained on.

    Weight decay acts on every parameter, biases and norms too, as in the published systems that ferray runs. torch's
    fused kernels do the step: one launch for all tensors on a GPU, one pass over memory on CPU.
    """
    if config.name == "sgd":
        return SGD(parameters, config.lr, config.momentum, weight_decay=config.weight_decay, fused=True)
    kind = Adam if config.name == "adam" else AdamW
    return kind(parameters, config.lr, weight_decay=config.weight_decay, fused=True)


class EpochSchedule(LambdaLR):
    """A schedule over epochs, stepped once after each optimiser step.

    Its state holds plain numbers, so a checkpoint of it loads with `weights_only=True`. Steps beyond the last epoch
    keep the last factor.
    """

    def __init__(self, config: ScheduleConfig, optimizer: Optimizer, *, steps_per_epoch: int, epochs: int) -> None:
        self._shape = _shape(config, epochs)
        self._warmup_steps = config.warmup_epochs * steps_per_epoch
        self._begun = (0, 0)  # an epoch count, and the step at which it was reached
        self._pace = steps_per_epoch
        super().__init__(optimizer, self._factor)

    def begin_epoch(self, epochs_done: int, steps: int) -> None:
        """The next epoch has so many steps: fewer once samples are gone, and still a whole epoch of the schedule."""
        self._begun = (epochs_done, self.last_epoch)
        self._pace = steps

    def state_dict(self) -> dict[str, Any]:
        """Where it stands; what it computes follows from the configuration."""
        ours = ("_shape", "_warmup_steps", "_begun", "_pace")
        return {name: value for name, value in super().state_dict().items() if name not in ours}

    def _factor(self, step: int) -> float:
        epochs_done, first = self._begun
        return _warmup(step, self._warmup_steps) * self._shape(epochs_done + (step - first) / self._pace)


def build_schedule(config: ScheduleConfig, optimizer: Optimizer, *, steps_per_epoch: int, epochs: int) -> EpochSchedule:
    """The schedule that `config` names, over `epochs` epochs of `steps_per_epoch` steps to begin with."""
    return EpochSchedule(config, optimizer, steps_per_epoch=steps_per_epoch, epochs=epochs)


def _warmup(step: int, warmup_steps: float) -> float:
    # One step more on both sides: a first step at rate zero would be a step wasted.
    return min(1.0, (step + 1) / (warmup_steps + 1))


def _shape(config: ScheduleConfig, epochs: int) -> Factor:
    if config.name == "constant":
        return lambda _: 1.0
    if config.name == "step":
        return lambda epoch: config.gamma ** (min(int(epoch), epochs - 1) // config.step_epochs)
    start = min(config.warmup_epochs, float(epochs))
    return lambda epoch: _cosine((epoch - start) / (epochs - start) if epochs > start else 0.0)


def _cosine(progress: float) -> float:
    return (1.0 + math.cos(math.pi * min(1.0, max(0.0, progress)))) / 2.0
