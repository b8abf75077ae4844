"""The optimisers of several heads over their stacked weights, each with its own rates and moments. H = heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from ferray.training.head_stack import HeadStack

KINDS = (Adam, AdamW, SGD)


class StackedOptimizer:
    """A copy of the moments of each head's optimiser, changed step by step; no optimiser changes before `write_back`.

    A step is the call that torch's own fused optimisers end in, with the same numbers, and without the 60 microseconds
    of Python around it, which are more than a linear head's whole step.
    """

    def __init__(self, optimizers: Sequence[Optimizer], stack: HeadStack) -> None:
        self._optimizers = optimizers
        self._groups = [
            [_group(optimizer, group, stack.slices(head)) for group in optimizer.param_groups]
            for head, optimizer in enumerate(optimizers)
        ]
        counts = [count for groups in self._groups for group in groups for count in group.counts]
        self._count = torch.stack(counts) if counts else torch.empty(0)
        for count, own in zip(counts, self._count.unbind() if counts else (), strict=True):
            count.set_(own)  # type: ignore[call-overload]  # a part of the one that is counted on

    def step(self, gradients: Mapping[str, Tensor], rates: Sequence[Sequence[float]]) -> None:
        """Descend by these gradients of the stacked weights, each head by the rates of its groups."""
        self._count.add_(1)
        of_heads = {name: gradient.unbind() for name, gradient in gradients.items()}
        for head, (groups, own_rates) in enumerate(zip(self._groups, rates, strict=True)):
            for group, rate in zip(groups, own_rates, strict=True):
                group.step([of_heads[name][head] for name in group.names], rate)

    def write_back(self, head: int) -> None:
        """Give a head's optimiser the moments that it has come to."""
        optimizer = self._optimizers[head]
        for group, known in zip(self._groups[head], optimizer.param_groups, strict=True):
            for parameter, moments in zip(known["params"], group.moments, strict=True):
                if moments:
                    own_count = {name: moment.clone() for name, moment in moments.items() if name == "step"}
                    optimizer.state[parameter] = moments | own_count
        optimizer._opt_called = True  # type: ignore[attr-defined]  # or the schedule warns that it steps first


class _Group:
    """The weights of one group of an optimiser, in the stack, and their moments as torch names them."""

    def __init__(
        self, group: dict[str, Any], weights: list[Tensor], names: list[str], moments: list[dict[str, Tensor]]
    ) -> None:
        self.names = names
        self.moments = moments
        self._weights = weights
        self._numbers = {"weight_decay": group["weight_decay"], "maximize": False}

    @property
    def counts(self) -> list[Tensor]:
        """The steps so far of each weight, which all heads count on together."""
        return self._of("step")

    def step(self, gradients: list[Tensor], rate: float) -> None:
        """One step of these weights."""
        raise NotImplementedError

    def _of(self, moment: str) -> list[Tensor]:
        return [moments[moment] for moments in self.moments if moment in moments]


class _AdamGroup(_Group):
    def __init__(self, group: dict[str, Any], *parts: Any, is_adamw: bool) -> None:
        super().__init__(group, *parts)
        beta1, beta2 = group["betas"]
        self._act = torch._fused_adamw_ if is_adamw else torch._fused_adam_
        self._numbers |= {"beta1": beta1, "beta2": beta2, "eps": group["eps"], "amsgrad": False}
        nothing: list[Tensor] = []  # of AMSGrad
        self._lists = (self._of("exp_avg"), self._of("exp_avg_sq"), nothing, self._of("step"))

    def step(self, gradients: list[Tensor], rate: float) -> None:
        self._act(self._weights, gradients, *self._lists, lr=rate, **self._numbers)


class _SgdGroup(_Group):
    def __init__(self, group: dict[str, Any], *parts: Any, is_first: bool) -> None:
        super().__init__(group, *parts)
        self._is_first = is_first
        self._numbers |= {name: group[name] for name in ("momentum", "dampening", "nesterov")}
        self._buffers = self._of("momentum_buffer")

    def step(self, gradients: list[Tensor], rate: float) -> None:
        first, self._is_first = self._is_first, False
        torch._fused_sgd_(self._weights, gradients, self._buffers, lr=rate, is_first_step=first, **self._numbers)


def _group(optimizer: Optimizer, group: dict[str, Any], slices: Mapping[Any, tuple[Tensor, str]]) -> _Group:
    weights, names = map(list, zip(*(slices[parameter] for parameter in group["params"]), strict=True))
    known = [optimizer.state.get(parameter, {}) for parameter in group["params"]]
    copies = [{name: moment.clone() for name, moment in of.items() if moment is not None} for of in known]
    if isinstance(optimizer, SGD):
        moments = [of or _sgd_moments(group, weight) for of, weight in zip(copies, weights, strict=True)]
        return _SgdGroup(group, weights, names, moments, is_first=not any(copies))
    moments = [of or _adam_moments(weight) for of, weight in zip(copies, weights, strict=True)]
    return _AdamGroup(group, weights, names, moments, is_adamw=isinstance(optimizer, AdamW))


def _adam_moments(weight: Tensor) -> dict[str, Tensor]:
    step = torch.zeros((), dtype=torch.float32, device=weight.device)
    return {"step": step, "exp_avg": torch.zeros_like(weight), "exp_avg_sq": torch.zeros_like(weight)}


def _sgd_moments(group: dict[str, Any], weight: Tensor) -> dict[str, Tensor]:
    return {"momentum_buffer": torch.empty_like(weight)} if group["momentum"] else {}
