from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble
from ferray.training.batches import prepare_plain, split_batches
from ferray.training.evaluation import evaluate, score


@pytest.fixture
def parts(tmp_path: Path, cache: Path) -> Assembly:
    return assemble(demo_job(tmp_path, cache, demo_config()))


def val_batches(parts: Assembly, size: int) -> Iterator:
    val = parts.splits.val
    return (prepare_plain(val, positions) for positions in split_batches(np.arange(len(val)), size))


def identity(logits: torch.Tensor) -> torch.Tensor:
    return logits


def test_evaluation_does_not_depend_on_the_batches(parts: Assembly) -> None:
    together = evaluate(parts.learner, val_batches(parts, 28), identity)
    apart = evaluate(parts.learner, val_batches(parts, 5), identity)
    assert torch.equal(together.confusion, apart.confusion)
    assert together.loss == pytest.approx(apart.loss, rel=1e-5)


def test_val_loss_is_the_mean_cross_entropy(parts: Assembly) -> None:
    val = parts.splits.val
    logits = score(parts.learner, val_batches(parts, 28))
    expected = F.cross_entropy(logits, torch.from_numpy(val.labels)).item()
    assert evaluate(parts.learner, val_batches(parts, 8), identity).loss == pytest.approx(expected, rel=1e-5)


def test_confusion_rows_are_truth(parts: Assembly) -> None:
    confusion = evaluate(parts.learner, val_batches(parts, 8), identity).confusion
    assert confusion.sum(dim=1).tolist() == np.bincount(parts.splits.val.labels, minlength=7).tolist()


def test_logits_are_adjusted_before_they_are_judged(parts: Assembly) -> None:
    confusion = evaluate(parts.learner, val_batches(parts, 8), lambda logits: logits + 1e6 * torch.eye(7)[3]).confusion
    assert confusion[:, 3].sum() == len(parts.splits.val)
