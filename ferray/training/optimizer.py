"""The closed choices of optimiser and learning-rate schedule, on torch's and timm's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from ferray.config.optimizer import OptimizerConfig
from ferray.config.schedule import ScheduleConfig
from ferray.training.parameter_groups import LR_SCALE

Factor = Callable[[float], float]
Parameters = Iterable[nn.Parameter] | Iterable[dict[str, Any]]
BEGIN, END = 1 / 25, 1 / 25e4  # of one cycle, as torch's OneCycleLR begins and ends


def build_optimizer(config: OptimizerConfig, parameters: Parameters, *, fused: bool = True) -> Optimizer:
    """The optimiser over `parameters`, or groups of them, which lie on the device they are trained on.

    Adam, AdamW and SGD are torch's, whose fused kernels do the step: one launch for all tensors on a GPU, one pass over
    memory on CPU. The others are timm's. Where groups do not say otherwise weight decay acts on every parameter, biases
    and norms too, as in the published systems that ferray runs. `fused` is false where parameters get their first
    gradient after others, which torch's fused SGD does not take.
    """
    if config.name == "sgd":
        decay, nesterov = config.weight_decay, config.nesterov
        return SGD(parameters, config.lr, config.momentum, weight_decay=decay, nesterov=nesterov, fused=fused)
    if config.name in ("adam", "adamw"):
        kind = Adam if config.name == "adam" else AdamW
        return kind(parameters, config.lr, weight_decay=config.weight_decay, fused=fused)
    return _timm_optimizer(config, parameters)


def _timm_optimizer(config: OptimizerConfig, parameters: Parameters) -> Optimizer:
    from timm.optim import create_optimizer_v2  # seconds, for those alone that ask for it

    optimizer: Optimizer = create_optimizer_v2(
        parameters, opt=config.name, lr=config.lr, weight_decay=config.weight_decay, momentum=config.momentum
    )
    return optimizer


def refuse_other_moments(optimizer: Optimizer) -> None:
    """ValueError for moments of other weights, which an optimiser notices only at its next step."""
    is_factored = "adafactor" in type(optimizer).__name__.lower()  # keeps rows and columns
    for weights, moments in optimizer.state.items():
        for moment in (value for value in moments.values() if isinstance(value, Tensor)):
            is_part = is_factored and set(moment.shape) <= {1, *weights.shape}
            if moment.shape not in ((), weights.shape) and not is_part:
                raise ValueError(f"the optimiser's moments are not those of weights {tuple(weights.shape)}")


class EpochSchedule(LambdaLR):
    """The schedule that a configuration names, over epochs of so many steps to begin with; stepped after the optimiser.

    Its state holds plain numbers, so a checkpoint of it loads with `weights_only=True`. Steps beyond the last epoch
    keep the last factor.
    """

    def __init__(self, config: ScheduleConfig, optimizer: Optimizer, *, steps_per_epoch: int, epochs: int) -> None:
        self._warmup_steps = config.warmup_steps or config.warmup_epochs * steps_per_epoch
        self._shape = _shape(config, epochs, start=config.warmup_epochs or config.warmup_steps / steps_per_epoch)
        self._begun = (0, 0)  # an epoch count, and the step at which it was reached
        self._pace = steps_per_epoch
        super().__init__(optimizer, self._factor)

    @property
    def lr(self) -> float:
        """The rate of the next step, as it is where no layer has a share of its own."""
        return self.whole_rate([group["lr"] for group in self.optimizer.param_groups])

    def whole_rate(self, rates: Sequence[float]) -> float:
        """Of the rates of all groups, the one that they are shares of."""
        return float(rates[0] / self.optimizer.param_groups[0].get(LR_SCALE, 1.0))

    def begin_epoch(self, epochs_done: int, steps: int) -> None:
        """The next epoch has so many steps: fewer once samples are gone, and still a whole epoch of the schedule."""
        self._begun = (epochs_done, self.last_epoch)
        self._pace = steps

    def rates(self, steps: int) -> list[list[float]]:
        """The rates of each group in the next so many steps."""
        now = [float(group["lr"]) for group in self.optimizer.param_groups]
        factors = [self._factor(self.last_epoch + step) for step in range(1, steps)]
        return [now, *([float(rate) * factor for rate in self.base_lrs] for factor in factors)]

    def advance(self, steps: int) -> None:
        """Stand where so many calls of `step` would have led."""
        self.last_epoch += steps - 1
        self._step_count += steps - 1
        self.step()

    def state_dict(self) -> dict[str, Any]:
        """Where it stands; what it computes follows from the configuration."""
        ours = ("_shape", "_warmup_steps", "_begun", "_pace")
        return {name: value for name, value in super().state_dict().items() if name not in ours}

    def _factor(self, step: int) -> float:
        epochs_done, first = self._begun
        return _warmup(step, self._warmup_steps) * self._shape(epochs_done + (step - first) / self._pace)


def _warmup(step: int, warmup_steps: float) -> float:
    # One step more on both sides: a first step at rate zero would be a step wasted.
    return min(1.0, (step + 1) / (warmup_steps + 1))


def _shape(config: ScheduleConfig, epochs: int, *, start: float) -> Factor:
    """The factor after so many epochs; `start` is where the warm-up ends."""
    if config.name == "constant":
        return lambda _: 1.0
    if config.name == "step":
        return lambda epoch: config.gamma ** (min(int(epoch), epochs - 1) // config.step_epochs)
    curve = _curve(config)
    return lambda epoch: curve(_within((epoch - start) / (epochs - start)) if epochs > start else 0.0)


def _curve(config: ScheduleConfig) -> Factor:
    """The factor by the share of the trial after its warm-up that is over, from 0 to 1."""
    if config.name == "linear":
        return lambda progress: 1.0 - progress
    if config.name == "polynomial":
        return lambda progress: float((1.0 - progress) ** config.power)
    if config.name == "one_cycle":
        return lambda progress: _one_cycle(progress, config.rise_fraction)
    return _cosine


def _one_cycle(progress: float, rise: float) -> float:
    """Up by half a cosine, and down to nearly nothing by another."""
    if progress < rise:
        return 1.0 + (BEGIN - 1.0) * _cosine(progress / rise)
    return END + (1.0 - END) * _cosine((progress - rise) / (1.0 - rise))


def _cosine(progress: float) -> float:
    return (1.0 + math.cos(math.pi * progress)) / 2.0


def _within(progress: float) -> float:
    return min(1.0, max(0.0, progress))
