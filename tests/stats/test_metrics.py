"""Metrics against numbers worked out by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from ferray.stats.metrics import confusion_matrix, metrics_of

CLASSES = ("Angry", "Happy", "Sad")


@pytest.fixture
def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(3)
    return torch.from_numpy(rng.integers(0, 3, 200)), torch.from_numpy(rng.integers(0, 3, 200))


def test_rows_are_truth_and_columns_are_predictions() -> None:
    confusion = confusion_matrix(torch.tensor([0, 0, 2]), torch.tensor([0, 1, 1]), num_classes=3)
    assert confusion.tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0]]


def test_confusion_matrix_is_that_of_scikit_learn(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    assert confusion_matrix(*drawn, num_classes=3).tolist() == sklearn_metrics.confusion_matrix(*drawn).tolist()


def test_no_samples_give_an_empty_matrix() -> None:
    empty = torch.zeros(0, dtype=torch.int64)
    assert confusion_matrix(empty, empty, num_classes=2).tolist() == [[0, 0], [0, 0]]


def test_small_integer_labels_do_not_overflow() -> None:
    labels = torch.full((3,), 19, dtype=torch.uint8)
    assert confusion_matrix(labels, labels, num_classes=20)[19, 19] == 3


def test_means_are_those_of_scikit_learn(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    found = metrics_of(confusion_matrix(*drawn, num_classes=3), CLASSES)
    expected = {
        "val/accuracy": sklearn_metrics.accuracy_score(*drawn),
        "val/uar": sklearn_metrics.recall_score(*drawn, average="macro"),
        "val/macro_f1": sklearn_metrics.f1_score(*drawn, average="macro"),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_absent_class_is_left_out_of_the_means() -> None:
    # Recalls 1/2 and 1; F1 of Angry 2*1/(2+1), of Happy 2*3/(3+4): Sad has no sample and does not pull them down.
    found = metrics_of(torch.tensor([[1, 1, 0], [0, 3, 0], [0, 0, 0]]), CLASSES)
    assert found == pytest.approx(
        {
            "val/accuracy": 4 / 5,
            "val/uar": 3 / 4,
            "val/macro_f1": (2 / 3 + 6 / 7) / 2,
            "val/recall/Angry": 0.5,
            "val/recall/Happy": 1.0,
        }
    )


def test_class_never_predicted_scores_zero() -> None:
    found = metrics_of(torch.tensor([[2, 0], [2, 0]]), ("Angry", "Sad"))
    assert found["val/macro_f1"] == pytest.approx((2 * 2 / (2 + 4) + 0) / 2)


def test_prefix_names_the_split() -> None:
    assert "train/uar" in metrics_of(torch.eye(3), CLASSES, prefix="train")


def test_nothing_to_measure_is_zero_and_not_nan() -> None:
    assert metrics_of(torch.zeros(3, 3), CLASSES) == {"val/accuracy": 0.0, "val/uar": 0.0, "val/macro_f1": 0.0}
