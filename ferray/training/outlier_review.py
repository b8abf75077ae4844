"""What an outlier rule is shown after an epoch, and what is reported of its answer. N = samples, C = classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ferray.data.samples import PackedSamples
from ferray.events import OutlierReport, RemovedSample
from ferray.imbalance import ClassCounts
from ferray.outliers import Removal, SampleLosses

MAX_BINS = 30


def sample_losses(
    samples: PackedSamples, kept: NDArray[np.int64], logits_NC: Tensor, initial_counts: ClassCounts
) -> SampleLosses:
    """Scores of the samples at `kept`, computed in float64 from their plain logits, which run parallel to it."""
    logits = logits_NC.double().numpy()
    labels = samples.labels[kept]
    rows = np.arange(len(kept))
    log_probability = logits_NC.double().log_softmax(dim=1).numpy()[rows, labels]
    others = logits.copy()
    others[rows, labels] = -np.inf
    return SampleLosses(
        sample_ids=samples.sample_ids[kept],
        labels=labels,
        losses=-log_probability,
        probability=np.exp(log_probability),
        predicted=logits.argmax(axis=1),
        margin=logits[rows, labels] - others.max(axis=1),
        initial_counts=initial_counts.counts,
    )


def outlier_report(epoch: int, removal: Removal, losses: SampleLosses, samples: PackedSamples) -> OutlierReport:
    """The rule's answer for those who watch, those that lost their label from the highest loss down."""
    gone = np.isin(losses.sample_ids, [*removal.sample_ids, *removal.relabelled])
    edges = _bin_edges(removal.errors)
    by_loss = sorted(np.flatnonzero(gone), key=lambda row: (-losses.losses[row], losses.sample_ids[row]))
    return OutlierReport(
        epoch=epoch,
        variance=removal.variance,
        num_kept=len(gone) - len(removal.sample_ids),
        bin_edges=tuple(edges.tolist()),
        histogram=_histogram(removal.errors, edges),
        histogram_after=_histogram(removal.errors[~gone], edges) if gone.any() else (),
        removed=tuple(_removed_sample(int(row), losses, samples, removal.relabelled) for row in by_loss),
        note=removal.note,
        num_mislabelled=_num_mislabelled(losses, samples),
    )


def _num_mislabelled(losses: SampleLosses, samples: PackedSamples) -> int | None:
    if (samples.true_labels < 0).any():
        return None
    wrong = samples.sample_ids[samples.true_labels != samples.labels]
    return int(np.isin(losses.sample_ids, wrong).sum())


def _bin_edges(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    finite = errors[np.isfinite(errors)]
    if not len(finite):
        return np.empty(0)
    return np.histogram_bin_edges(finite, bins=min(MAX_BINS, len(finite)))


def _histogram(errors: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    if not len(edges):
        return ()
    return tuple(np.histogram(errors, edges)[0].tolist())


def _removed_sample(
    row: int, losses: SampleLosses, samples: PackedSamples, relabelled: Mapping[int, int]
) -> RemovedSample:
    sample_id, label = int(losses.sample_ids[row]), int(losses.labels[row])
    position = int(np.flatnonzero(samples.sample_ids == sample_id)[0])
    true_label = int(samples.true_labels[position])
    return RemovedSample(
        sample_id=sample_id,
        name=samples.names[position],
        label=label,
        predicted=relabelled.get(sample_id, int(losses.predicted[row])),
        loss=float(losses.losses[row]),
        truly_mislabelled=None if true_label < 0 else true_label != label,
        relabelled=sample_id in relabelled,
    )
