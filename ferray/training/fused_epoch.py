"""One epoch of several heads on the same kept features, trained and judged as one.

H = heads, N = samples of a batch or a split, D = features, C = classes.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ferray.data.samples import PackedSamples
from ferray.imbalance import ImbalanceStrategy, cross_entropy_costs
from ferray.training.assemble import Assembly, epoch_batches
from ferray.training.batches import Positions
from ferray.training.criterion import training_criterion
from ferray.training.dropout_draws import DropoutDraws
from ferray.training.epoch import not_evaluated
from ferray.training.evaluation import Evaluation
from ferray.training.head_stack import HeadStack, mixes_samples
from ferray.training.joint_epoch import JointEpoch
from ferray.training.stacked_criterion import StackedCriterion, kind_of
from ferray.training.stacked_optimizer import StackedOptimizer
from ferray.training.step import TrainingPass

ROWS = 8192  # of a split that are looked at in one piece


class HeadEpoch:
    """What one head goes through in an epoch: its batches in their order, and what they are to be answered with."""

    def __init__(self, parts: Assembly, epoch: int) -> None:
        self.parts = parts
        self.epoch = epoch
        self.criterion = training_criterion(parts.config, parts.training.strategy, (epoch - 1) / parts.config.epochs)
        batches = epoch_batches(parts.config, parts.training, epoch)
        self.lengths = tuple(map(len, batches))
        positions: Positions = np.concatenate(batches)
        self.rows = parts.training.samples.rows[positions]
        labels, targets_NC = parts.batches.targets(positions, epoch=epoch)
        self.labels, self.targets_NC = torch.from_numpy(labels), torch.from_numpy(targets_NC)

    @property
    def head(self) -> nn.Module:
        return self.parts.learner.model.head

    @property
    def input_rate(self) -> float:
        """Of the dropout that the head begins with."""
        first = next(self.head.children())
        return first.p if isinstance(first, nn.Dropout) else 0.0

    @cached_property
    def stream(self) -> Hashable:
        """Heads of one stream draw the same numbers for their masks."""
        draws = [bool(layer.p) for layer in self.head.children() if isinstance(layer, nn.Dropout)]
        return (self.parts.randomness.lend().get_state().numpy().tobytes(), *draws, self.lengths)

    @cached_property
    def seen(self) -> Hashable:
        """Heads for which it is the same have one and the same input in each step."""
        return (self.rows.tobytes(), self.input_rate, self.lengths, self.stream if self.input_rate else None)

    @property
    def pace(self) -> Hashable:
        """Heads of one pace have as many batches, of one size but for the last; where samples mix, of one size."""
        return self.lengths if mixes_samples(self.head) else len(self.lengths)


def run_epochs(trainings: Sequence[tuple[Assembly, int]], features_ND: Tensor) -> list[JointEpoch]:
    """The next epoch of each of these trainings, whose heads are of one shape and on the same features."""
    plans = [HeadEpoch(*training) for training in trainings]
    done: dict[int, JointEpoch] = {}
    for numbers in _lanes(plans):
        lane = Lane([plans[number] for number in numbers], features_ND)
        done |= dict(zip(numbers, lane.run(), strict=True))
    return [done[number] for number in range(len(plans))]


def _lanes(plans: Sequence[HeadEpoch]) -> list[list[int]]:
    """Those that go through their batches together: where several see the same ones, these, else all of one pace.

    Within a lane heads with one kind of loss stand side by side.
    """
    alike: dict[Hashable, list[int]] = {}
    for number, plan in enumerate(plans):
        alike.setdefault(plan.seen, []).append(number)
    lanes: dict[Hashable, list[int]] = {}
    for seen, numbers in alike.items():
        for number in numbers:
            lanes.setdefault(seen if len(numbers) > 1 else plans[number].pace, []).append(number)
    kinds = [kind_of(plan.criterion) for plan in plans]
    ranks = {kind: rank for rank, kind in enumerate(dict.fromkeys(kinds))}
    return [sorted(numbers, key=lambda number: ranks[kinds[number]]) for numbers in lanes.values()]


class Lane:
    """Heads that take their steps together through one epoch."""

    def __init__(self, plans: Sequence[HeadEpoch], features_ND: Tensor) -> None:
        first = plans[0]
        self._plans = plans
        self._features_ND = features_ND
        self._precision = first.parts.learner.precision
        self._device = self._precision.device
        self._is_shared = len({plan.seen for plan in plans}) == 1
        self._stack = HeadStack([plan.head for plan in plans])
        self._optimizer = StackedOptimizer([plan.parts.learner.optimizer for plan in plans], self._stack)
        self._draws = DropoutDraws([plan.parts.randomness.lend() for plan in plans], [plan.stream for plan in plans])
        self._rates = [self._rates_of(plan) for plan in plans]
        self._input_rates = [plan.input_rate for plan in plans]
        self._inputs = torch.empty(0, device=self._device)

    def run(self) -> list[JointEpoch]:
        """The epoch of each head."""
        started = time.perf_counter()
        passes = self._train()
        train_s = time.perf_counter() - started
        with torch.inference_mode(), self._precision.autocast():
            evaluations, reviews = self._evaluate(passes), self._look_at_training(passes)
        generators, share = self._draws.end(), 1 / len(self._plans)
        spent = (train_s * share, (time.perf_counter() - started) * share)
        return [
            JointEpoch(trained, evaluation, review, spent, self._taking_over(number, generators[number]))
            for number, (trained, evaluation, review) in enumerate(zip(passes, evaluations, reviews, strict=True))
        ]

    def _taking_over(self, number: int, generator: torch.Generator) -> Callable[[], None]:
        parts, steps = self._plans[number].parts, len(self._plans[number].lengths)

        def take_over() -> None:
            self._stack.write_back(number)
            self._optimizer.write_back(number)
            parts.learner.schedule.advance(steps)
            parts.randomness.take_back(generator)

        return take_over

    def _rates_of(self, plan: HeadEpoch) -> list[list[float]]:
        schedule = plan.parts.learner.schedule
        schedule.begin_epoch(plan.epoch - 1, len(plan.lengths))
        return schedule.rates(len(plan.lengths))

    def _train(self) -> list[TrainingPass]:
        plans, device = self._plans, self._device
        lengths = np.array([plan.lengths for plan in plans])
        ends = lengths.max(axis=0).cumsum()
        rows_HN = _padded([torch.from_numpy(plan.rows) for plan in plans], int(ends[-1]), 0).to(device)
        labels_HN = _padded([plan.labels for plan in plans], int(ends[-1]), -1).to(device)
        target_HNC = _padded([plan.targets_NC for plan in plans], int(ends[-1]), 0).to(device)
        if device.type == "cpu":  # as the logits lie
            target_HNC = target_HNC.transpose(1, 2).contiguous().transpose(1, 2)
        criterion = StackedCriterion([plan.criterion for plan in plans], target_HNC)
        nums_SH = torch.as_tensor(lengths.T.copy(), dtype=torch.float32, device=device)
        ones_H = torch.ones(len(plans), device=device)
        logits: list[Tensor] = []  # of each step, as are the losses
        losses: list[Tensor] = []
        weights, rates = list(self._stack.weights.values()), list(zip(*self._rates, strict=True))
        for step, (end, length) in enumerate(zip(ends.tolist(), lengths.max(axis=0).tolist(), strict=True)):
            piece, counts = slice(end - length, end), lengths[:, step]
            stays_HN = None if (counts == length).all() else labels_HN[:, piece] >= 0
            with self._precision.autocast():
                inputs = self._past_dropout(rows_HN[:, piece], counts)
                logits_HNC = self._stack.logits(inputs, self._noise_for(counts))
            losses_H = criterion(logits_HNC, target_HNC[:, piece], nums_SH[step], stays_HN)
            gradients = torch.autograd.grad(losses_H, weights, ones_H)
            self._optimizer.step(dict(zip(self._stack.weights, gradients, strict=True)), rates[step])
            logits.append(logits_HNC.detach())
            losses.append(losses_H.detach())
        loss_H = (torch.stack(losses).double() * nums_SH).sum(dim=0)
        hits_H = (torch.cat(logits, dim=1).argmax(dim=2) == labels_HN).sum(dim=1)
        sums = torch.stack([loss_H, hits_H.double()], dim=1).tolist()
        return [
            TrainingPass(loss / len(plan.rows), hits / len(plan.rows), self._last_rate(number), len(plan.rows))
            for number, (plan, (loss, hits)) in enumerate(zip(plans, sums, strict=True))
        ]

    def _last_rate(self, number: int) -> float:
        return self._plans[number].parts.learner.schedule.whole_rate(self._rates[number][-1])

    def _past_dropout(self, rows_HN: Tensor, counts: NDArray[np.int64]) -> Tensor:
        """Training inputs (H, N, D), or (N, D) where all heads have the same, as the first dropout leaves them."""
        shape = (*(rows_HN[:1] if self._is_shared else rows_HN).shape, self._features_ND.shape[1])
        if len(self._inputs) < math.prod(shape):
            self._inputs = torch.empty(math.prod(shape), device=self._device)
        inputs_HND = self._inputs[: math.prod(shape)].view(shape)
        # On CPU a head's rows are still in its cache when they meet their mask; on a GPU each look is a launch.
        looks = len(inputs_HND) if self._device.type == "cpu" else 1
        self._draws.begin_layer()
        for number, (inputs_ND, count) in enumerate(zip(inputs_HND, counts.tolist(), strict=False)):
            if number < looks:
                piece = slice(number, number + len(inputs_HND) // looks)
                torch.index_select(self._features_ND, 0, rows_HN[piece].flatten(), out=inputs_HND[piece].flatten(0, 1))
            if rate := self._input_rates[number]:
                kept = inputs_ND.view(-1)[: count * shape[2]]
                kept.mul_(self._draws.noise(number, len(kept), rate))
                if self._is_shared:
                    self._draws.pass_over(range(1, len(self._plans)), len(kept), rate)
        return inputs_HND[0] if self._is_shared else inputs_HND

    def _noise_for(self, counts: NDArray[np.int64]) -> Callable[[Tensor, Sequence[float]], Tensor]:
        """The dropout of a batch inside the heads."""

        def noisy(inputs_HNF: Tensor, rates: Sequence[float]) -> Tensor:
            noise_HNF = torch.ones_like(inputs_HNF)
            self._draws.begin_layer()
            for number, rate in enumerate(rates):
                kept = noise_HNF[number, : counts[number]]
                if rate:
                    kept.copy_(self._draws.noise(number, kept.numel(), rate).view(kept.shape))
            return inputs_HNF * noise_HNF

        return noisy

    def _evaluate(self, passes: Sequence[TrainingPass]) -> list[Evaluation]:
        """Each head judged on its validation split, those with one split together."""
        found: dict[int, Evaluation] = {}
        for numbers, val in self._by_split([plan.parts.splits.val for plan in self._plans]):
            logits_HNC = self._logits(numbers, val.rows)
            for place, number in enumerate(numbers):
                strategy = self._plans[number].parts.training.strategy
                if type(strategy).adjust_logits is not ImbalanceStrategy.adjust_logits:
                    logits_HNC[place] = strategy.adjust_logits(logits_HNC[place])
            found |= dict(zip(numbers, _judged(logits_HNC, val), strict=True))
        return [
            found[number] if math.isfinite(trained.loss) else not_evaluated(found[number].logits.shape[1])
            for number, trained in enumerate(passes)
        ]

    def _look_at_training(self, passes: Sequence[TrainingPass]) -> list[Tensor | None]:
        """Plain logits of the samples in training, for the heads whose outlier rule asks for them."""
        found: list[Tensor | None] = [None] * len(passes)
        asking = [
            number
            for number, plan in enumerate(self._plans)
            if math.isfinite(passes[number].loss) and plan.parts.outliers.wants_losses(plan.epoch)
        ]
        if asking:
            for places, train in self._by_split([self._plans[number].parts.training.samples for number in asking]):
                numbers = [asking[place] for place in places]
                logits_HNC = self._logits(numbers, train.rows)
                for place, number in enumerate(numbers):
                    kept = torch.from_numpy(self._plans[number].parts.training.kept)
                    found[number] = logits_HNC[place].cpu()[kept]
        return found

    def _by_split(self, splits: Sequence[PackedSamples]) -> list[tuple[list[int], PackedSamples]]:
        alike: dict[bytes, list[int]] = {}
        for number, split in enumerate(splits):
            alike.setdefault(split.rows.tobytes(), []).append(number)
        return [(numbers, splits[numbers[0]]) for numbers in alike.values()]

    def _logits(self, numbers: Sequence[int], rows: NDArray[np.int64]) -> Tensor:
        """What these heads say in eval mode to these rows: (H, N, C) float32."""
        stack = self._stack if len(numbers) == len(self._plans) else self._stack.only(numbers)
        rows_N = torch.from_numpy(rows).to(self._device)
        pieces = [rows_N[start : start + ROWS] for start in range(0, len(rows), ROWS)]
        return torch.cat([stack.logits(self._features_ND[piece]) for piece in pieces], dim=1).contiguous()


def _judged(logits_HNC: Tensor, val: PackedSamples) -> list[Evaluation]:
    """As `evaluate` has it: mean plain cross-entropy of each head's answers, and its confusion matrix."""
    num_heads, _, num_classes = logits_HNC.shape
    labels_N = torch.from_numpy(val.labels).to(logits_HNC.device)
    target_NC = torch.nn.functional.one_hot(labels_N, num_classes).float()
    losses_H = cross_entropy_costs(logits_HNC, target_NC).double().mean(dim=1)
    heads_H1 = torch.arange(num_heads, device=logits_HNC.device).unsqueeze(1)
    cells_HN = (heads_H1 * num_classes + labels_N) * num_classes + logits_HNC.argmax(dim=2)
    counts = torch.zeros(num_heads * num_classes**2, dtype=torch.int64, device=logits_HNC.device)
    counts.scatter_add_(0, cells_HN.flatten(), torch.ones_like(cells_HN).flatten())
    confusion_HCC = counts.view(num_heads, num_classes, num_classes).cpu()
    return [
        Evaluation(loss, confusion_CC, logits_NC.clone())
        for loss, confusion_CC, logits_NC in zip(losses_H.tolist(), confusion_HCC, logits_HNC, strict=True)
    ]


def _padded(rows: Sequence[Tensor], length: int, filling: int) -> Tensor:
    """The heads' tensors (N, ...) as one (H, N, ...), shorter ones filled at their end."""
    whole = rows[0].new_full((len(rows), length, *rows[0].shape[1:]), filling)
    for number, of_head in enumerate(rows):
        whole[number, : len(of_head)] = of_head
    return whole


def features_on(device: torch.device, features_ND: NDArray[np.float32]) -> Tensor:
    """The kept rows as a tensor, which nobody writes to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a mapped file is not writable, and torch minds
        return torch.from_numpy(features_ND).to(device)
