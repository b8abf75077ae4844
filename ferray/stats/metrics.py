"""Every figure of a validation pass, computed from its confusion matrix.

C: number of classes. N: number of samples. Rows are truth, columns are predictions.
"""

from __future__ import annotations

import torch
from torch import Tensor


def confusion_matrix(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    """Count (truth, prediction) pairs: (C, C) int64, on the device of the inputs, without a host read on a GPU.

    Both inputs are integer vectors (N,) with values in [0, C). Counting adds up: the matrices of several batches are
    summed to that of the whole pass.
    """
    pairs = labels.to(torch.int64) * num_classes + predictions.to(torch.int64)
    counts = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=pairs.device)
    # torch.bincount would read the largest value back to the host to size its output, even with `minlength`.
    counts.scatter_add_(0, pairs, torch.ones_like(pairs))
    return counts.view(num_classes, num_classes)


def metrics_of(confusion: Tensor, classes: tuple[str, ...], prefix: str = "val") -> dict[str, float]:
    """Accuracy, UAR, macro-F1 and the recall of each class, each in [0, 1], keyed `val/uar`, `val/recall/Angry`, ...

    Classes with no sample are left out of the recalls and of the means over classes, so an empty class neither counts
    as missed nor as found. UAR (unweighted average recall) is the mean of the recalls. The F1 of a class that is
    present and never predicted is 0. With no sample at all every mean is 0.
    """
    counts_CC = confusion.to(device="cpu", dtype=torch.float64)
    hits_C, truth_C, predicted_C = counts_CC.diagonal(), counts_CC.sum(dim=1), counts_CC.sum(dim=0)
    present_C = truth_C > 0
    recall_C = hits_C[present_C] / truth_C[present_C]
    f1_C = (2 * hits_C / (truth_C + predicted_C))[present_C]
    names = [name for name, present in zip(classes, present_C.tolist(), strict=True) if present]
    return {
        f"{prefix}/accuracy": float(hits_C.sum() / counts_CC.sum().clamp(min=1)),
        f"{prefix}/uar": _mean(recall_C),
        f"{prefix}/macro_f1": _mean(f1_C),
        **{f"{prefix}/recall/{name}": value for name, value in zip(names, recall_C.tolist(), strict=True)},
    }


def _mean(values: Tensor) -> float:
    return float(values.mean()) if len(values) else 0.0
