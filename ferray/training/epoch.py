"""One epoch of a trial from the first batch to the report: train, judge, let the outlier rule look."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ferray.data.samples import PackedSamples
from ferray.errors import ConfigError, did_you_mean
from ferray.events import EpochReport, OutlierReport
from ferray.stats.metrics import metrics_of
from ferray.system.allocator import keep_freed_memory
from ferray.training.assemble import Assembly, epoch_batches
from ferray.training.batches import Batch, Positions
from ferray.training.criterion import training_criterion
from ferray.training.evaluation import Evaluation, evaluate, evaluation_size, plain_batches, score
from ferray.training.joint_epoch import EpochTime, JointEpoch
from ferray.training.outlier_review import outlier_report, sample_losses
from ferray.training.step import TrainingPass, train_epoch
from ferray.training.trainer import OnBatch
from ferray.training.unfreezing import finetuned_in


@dataclass(frozen=True)
class TrainedEpoch:
    """What is told of an epoch, and the logits (N, C) on its device that its validation was judged by."""

    report: EpochReport
    val_logits: Tensor


def run_epoch(parts: Assembly, epoch: int, on_batch: OnBatch | None = None) -> TrainedEpoch:
    """Train and judge one epoch, counted from 1; samples the outlier rule removes are gone from the next one on.

    An epoch whose loss was not finite is not evaluated: its val metrics are NaN and its confusion matrix is zero.
    """
    started = time.perf_counter()
    if parts.learner.precision.device.type == "cpu" and not parts.learner.takes_features:
        keep_freed_memory()  # until who trains here is done with all trials
    trained = _train(parts, epoch, on_batch)
    train_s = time.perf_counter() - started
    evaluation = _evaluate(parts, trained)
    return _end_epoch(parts, epoch, trained, evaluation, EpochTime(train_s, 0.0, started))


def end_joint_epoch(parts: Assembly, epoch: int, joint: JointEpoch) -> TrainedEpoch:
    """Take one's part of an epoch that was had with others, as `run_epoch` ends one's own."""
    started = time.perf_counter()
    joint.take_over()
    spent = EpochTime(*joint.spent, started)
    return _end_epoch(parts, epoch, joint.trained, joint.evaluation, spent, joint.train_logits)


def _end_epoch(
    parts: Assembly,
    epoch: int,
    trained: TrainingPass,
    evaluation: Evaluation,
    spent: EpochTime,
    train_logits: Tensor | None = None,
) -> TrainedEpoch:
    """Let the outlier rule look at what an epoch has come to, and tell of it.

    `train_logits` are the plain ones (N, C) of the samples in training, on CPU; without they are computed if needed.
    """
    num_train = len(parts.training.kept)
    diverged = not math.isfinite(trained.loss + evaluation.loss)
    outliers, halted = (None, False) if diverged else _review(parts, epoch, train_logits)
    report = EpochReport(
        epoch=epoch,
        epochs=parts.config.epochs,
        metrics={
            "train/loss": trained.loss,
            "train/accuracy": trained.accuracy,
            "val/loss": evaluation.loss,
            **_val_metrics(parts, evaluation, diverged),
            "lr": trained.lr,
            "images_per_s": trained.num_images / spent.train_s,
            "seconds": spent.whole_s(),
        },
        confusion=tuple(map(tuple, evaluation.confusion.tolist())),
        classes=parts.splits.val.classes,
        num_train=num_train,
        diverged=diverged,
        halted=halted,
        outliers=outliers,
    )
    return TrainedEpoch(report, evaluation.logits)


def not_evaluated(num_classes: int) -> Evaluation:
    """Of an epoch whose training loss was not finite."""
    return Evaluation(math.nan, torch.zeros(num_classes, num_classes, dtype=torch.int64), torch.zeros(0, num_classes))


def val_metric_names(samples: PackedSamples) -> list[str]:
    """The metrics that every evaluated epoch has, whose recalls are those of the classes present in `samples`."""
    truth = torch.bincount(torch.from_numpy(samples.labels), minlength=len(samples.classes))
    return ["val/loss", *metrics_of(truth.diag(), samples.classes)]


def refuse_unknown_objective(metric: str, samples: PackedSamples) -> None:
    """ConfigError for a metric that a trial evaluated on `samples` does not have."""
    known = [*val_metric_names(samples), "train/loss", "train/accuracy"]
    if metric not in known:
        raise ConfigError(f"`{metric}` is not a metric of this trial", did_you_mean(metric, known))


def _train(parts: Assembly, epoch: int, on_batch: OnBatch | None) -> TrainingPass:
    if parts.config.unfreeze is not None:
        parts.learner.model.freeze(finetuned_in(epoch, parts.config, parts.learner.model))
    positions = epoch_batches(parts.config, parts.training, epoch)
    tasks = [partial(parts.batches.prepare, batch, epoch=epoch, index=index) for index, batch in enumerate(positions)]
    parts.learner.schedule.begin_epoch(epoch - 1, len(positions))
    criterion = training_criterion(parts.config, parts.training.strategy, (epoch - 1) / parts.config.epochs)
    batches = parts.prefetcher.feed(tasks)
    shown = batches if on_batch is None else _with_progress(batches, len(tasks), on_batch)
    return train_epoch(parts.learner, shown, criterion, pieces=parts.accumulate)


def _with_progress(batches: Iterator[Batch], total: int, on_batch: OnBatch) -> Iterator[Batch]:
    for done, batch in enumerate(batches, start=1):
        yield batch
        on_batch(done, total)


def _evaluate(parts: Assembly, trained: TrainingPass) -> Evaluation:
    val = parts.splits.val
    if not math.isfinite(trained.loss):
        return not_evaluated(parts.learner.num_classes)
    batches = _plain_batches(parts, val, torch.arange(len(val)).numpy())
    return evaluate(parts.learner.judged, batches, parts.training.strategy.adjust_logits)


def _val_metrics(parts: Assembly, evaluation: Evaluation, diverged: bool) -> dict[str, float]:
    if diverged:
        return {name: math.nan for name in val_metric_names(parts.splits.val) if name != "val/loss"}
    return metrics_of(evaluation.confusion, parts.splits.val.classes)


def _review(parts: Assembly, epoch: int, logits_NC: Tensor | None) -> tuple[OutlierReport | None, bool]:
    """The outlier rule's report, and whether it ends the training."""
    training = parts.training
    if not parts.outliers.wants_losses(epoch):
        return None, False
    if logits_NC is None:
        logits_NC = score(parts.learner.judged, _plain_batches(parts, training.samples, training.kept))
    losses = sample_losses(training.samples, training.kept, logits_NC, training.initial_counts)
    removal = parts.outliers.review(epoch, losses)
    if removal is None:
        return None, False
    report = outlier_report(epoch, removal, losses, training.samples)  # of labels as they were
    if removal.sample_ids:
        training.remove(removal.sample_ids)
    training.correct(removal.relabelled)
    return report, removal.halt_training


def _plain_batches(parts: Assembly, samples: PackedSamples, positions: Positions) -> Iterator[Batch]:
    size = evaluation_size(parts.config.batch_size, parts.accumulate)
    return plain_batches(samples, positions, size, parts.prefetcher, parts.held)
