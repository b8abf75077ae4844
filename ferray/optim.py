"""The closed choices of optimiser and learning-rate schedule, on torch's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from ferray.config.trial import OptimizerConfig, ScheduleConfig

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


def build_schedule(config: ScheduleConfig, optimizer: Optimizer, *, steps_per_epoch: int, epochs: int) -> LambdaLR:
    """The schedule, to be stepped once after each optimiser step.

    Its state holds plain numbers, so a checkpoint of it loads with `weights_only=True`. Steps beyond the last epoch
    keep the last factor.
    """
    shape = _shape(config, epochs)

    def factor(step: int) -> float:
        epoch = step / steps_per_epoch
        return _warmup(step, config.warmup_epochs * steps_per_epoch) * shape(epoch)

    return LambdaLR(optimizer, factor)


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
