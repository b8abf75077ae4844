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
        kinds = [kind_of(criterion) for criterion in criteria]
        runs = [list(run) for _, run in groupby(range(len(kinds)), key=lambda head: kinds[head])]
        self._runs = [_run([criteria[head] for head in run], run[0], like) for run in runs]

    def __call__(self, logits_HNC: Tensor, target_HNC: Tensor, num_H: Tensor, stays_HN: Tensor | None = None) -> Tensor:
        """(H,). Of each head the first `num_H` samples count; `stays_HN` says so too, None where all do."""
        losses = [run.losses(logits_HNC, target_HNC, num_H, stays_HN) for run in self._runs]
        return losses[0] if len(losses) == 1 else torch.cat(losses)


class _Costs:
    """Heads side by side whose losses are of one kind, the numbers of each stacked."""

    def __init__(self, heads: slice, criteria: Sequence[MeanCost], like: Tensor) -> None:
        self._heads = heads
        self._cost = criteria[0].cost
        numbers = zip(*(criterion.numbers for criterion in criteria), strict=True)
        self._numbers = [_stacked(of_heads, like) for of_heads in numbers]

    def losses(self, logits_HNC: Tensor, target_HNC: Tensor, num_H: Tensor, stays_HN: Tensor | None) -> Tensor:
        costs_HN = self._cost(logits_HNC[self._heads], target_HNC[self._heads], *self._numbers)
        if stays_HN is not None:
            costs_HN = costs_HN * stays_HN[self._heads]
        mean_H: Tensor = costs_HN.sum(dim=1) / num_H[self._heads]
        return mean_H


class _Whole:
    """One head with a loss that is not known to be a mean of costs."""

    def __init__(self, head: int, criterion: Criterion) -> None:
        self._head = head
        self._criterion = criterion

    def losses(self, logits_HNC: Tensor, target_HNC: Tensor, num_H: Tensor, _: Tensor | None) -> Tensor:
        num = int(num_H[self._head])
        return self._criterion(logits_HNC[self._head, :num], target_HNC[self._head, :num]).reshape(1)


def _run(criteria: Sequence[Criterion], first: int, like: Tensor) -> _Costs | _Whole:
    known = [of for criterion in criteria if (of := _as_costs(criterion)) is not None]
    return _Costs(slice(first, first + len(known)), known, like) if known else _Whole(first, criteria[0])


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
