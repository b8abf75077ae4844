"""The losses of several heads as one. H = heads, N = samples, C = classes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import groupby

import torch
from torch import Tensor

from ferray.imbalance import Criterion, MeanCost, cross_entropy_costs, soft_cross_entropy

_PLAIN = MeanCost(cross_entropy_costs)


def kind_of(criterion: Criterion) -> Hashable:
    """What losses that are computed as one have in common: the cost of a sample. One of another make is alone."""
    known = _as_costs(criterion)
    return id(criterion) if known is None else known.cost


class StackedCriterion:
    """Each head's loss, mean over its own samples; fastest where heads of one `kind_of` stand side by side."""

    def __init__(self, criteria: Sequence[Criterion], like: Tensor) -> None:
        runs = [list(run) for _, run in groupby(criteria, key=kind_of)]
        self._runs = [made for run in runs for made in _made(run, like)]
        self._sizes = [run.num_heads for run in self._runs]

    def __call__(self, logits_HNC: Tensor, target_HNC: Tensor, num_H: Tensor, stays_HN: Tensor | None = None) -> Tensor:
        """(H,). Of each head the first `num_H` samples count; `stays_HN` says so too, None where all do."""
        if len(self._runs) == 1:
            return self._runs[0].losses(logits_HNC, target_HNC, num_H, stays_HN)
        # Split by class, so that the slopes are put together as the logits lie, in one piece.
        logits = [logits_HCN.transpose(1, 2) for logits_HCN in logits_HNC.transpose(1, 2).split_with_sizes(self._sizes)]
        targets, nums = (given.split_with_sizes(self._sizes) for given in (target_HNC, num_H))
        stays = [None] * len(self._runs) if stays_HN is None else stays_HN.split_with_sizes(self._sizes)
        parts = zip(self._runs, logits, targets, nums, stays, strict=True)
        return torch.cat([run.losses(own, target, num, stay) for run, own, target, num, stay in parts])


class _Costs:
    """Heads side by side whose losses are of one kind, the numbers of each stacked."""

    def __init__(self, criteria: Sequence[MeanCost], like: Tensor) -> None:
        self.num_heads = len(criteria)
        self._cost = criteria[0].cost
        numbers = zip(*(criterion.numbers for criterion in criteria), strict=True)
        self._numbers = [_stacked(of_heads, like) for of_heads in numbers]

    def losses(self, logits_HNC: Tensor, target_HNC: Tensor, num_H: Tensor, stays_HN: Tensor | None) -> Tensor:
        costs_HN = self._cost(logits_HNC, target_HNC, *self._numbers)
        if stays_HN is not None:
            costs_HN = costs_HN * stays_HN
        mean_H: Tensor = costs_HN.sum(dim=1) / num_H
        return mean_H


class _Whole:
    """One head with a loss that is not known to be a mean of costs."""

    num_heads = 1

    def __init__(self, criterion: Criterion) -> None:
        self._criterion = criterion

    def losses(self, logits_1NC: Tensor, target_1NC: Tensor, num_1: Tensor, _: Tensor | None) -> Tensor:
        num = int(num_1)
        return self._criterion(logits_1NC[0, :num].contiguous(), target_1NC[0, :num].contiguous()).reshape(1)


def _made(criteria: Sequence[Criterion], like: Tensor) -> Sequence[_Costs | _Whole]:
    """Of losses of one kind."""
    known = [of for criterion in criteria if (of := _as_costs(criterion)) is not None]
    return [_Costs(known, like)] if known else [_Whole(criterion) for criterion in criteria]


def _as_costs(criterion: Criterion) -> MeanCost | None:
    if criterion is soft_cross_entropy:
        return _PLAIN
    return criterion if isinstance(criterion, MeanCost) else None


def _stacked(numbers: Sequence[Tensor | float], like: Tensor) -> Tensor | float:
    """(H, 1, C), or (H, 1, 1) of plain numbers, in float32; the number itself where all have one."""
    if isinstance(numbers[0], float) and len(set(numbers)) == 1:
        return numbers[0]
    rows = [number if isinstance(number, Tensor) else torch.tensor([number]) for number in numbers]
    return torch.stack(rows).unsqueeze(1).to(device=like.device, dtype=torch.float32)
