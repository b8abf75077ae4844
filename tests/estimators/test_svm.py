from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from ferray.errors import ConfigError, DataError
from ferray.estimators._machine import KernelFunction, Machine
from ferray.estimators.svm import Svm

Floats = NDArray[np.float64]


def overlapping(num_classes: int, *, num_features: int = 5, each: int = 20, seed: int = 0) -> tuple[Floats, Any]:
    """Rows of classes that run into one another, and their labels."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(num_classes), each)
    return generator.standard_normal((len(labels), num_features)) + labels[:, None] * 0.7, labels


def fitted(rows: Floats, labels: Any, *, weights: Floats | None = None, **params: Any) -> Svm:
    svm = Svm(Svm.Params(**params))
    svm.fit(rows, labels, weights_N=np.ones(len(rows)) if weights is None else weights, seed=0)
    return svm


def predicted(svm: Svm, rows: Floats, num_classes: int) -> list[int]:
    answers: list[int] = svm.log_probabilities(rows, num_classes).argmax(axis=1).tolist()
    return answers


@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly"])
@pytest.mark.parametrize("num_classes", [3, 7])
def test_decisions_are_those_of_scikit_learn(kernel: Any, num_classes: int) -> None:
    rows, labels = overlapping(num_classes)
    theirs = SVC(kernel=kernel, gamma=0.1, degree=3, coef0=1.0).fit(rows, labels)
    ours = Machine.of(theirs, KernelFunction(kernel, 0.1, 3))
    others = overlapping(num_classes, seed=1)[0]
    assert ours.decide(others) == pytest.approx(theirs.decision_function(others), abs=1e-9)


def test_of_two_classes_the_sign_of_the_decision_is_that_of_scikit_learn() -> None:
    rows, labels = overlapping(2)
    others = overlapping(2, seed=1)[0]
    assert predicted(fitted(rows, labels), others, 2) == SVC().fit(rows, labels).predict(others).tolist()


def test_a_gamma_of_scale_is_that_of_scikit_learn() -> None:
    rows, labels = overlapping(4)
    others = overlapping(4, seed=1)[0]
    theirs = SVC(break_ties=True).fit(rows, labels)
    assert predicted(fitted(rows, labels), others, 4) == theirs.predict(others).tolist()


def test_components_are_principal_ones() -> None:
    rows, labels = overlapping(3, num_features=8)
    others = overlapping(3, num_features=8, seed=1)[0]
    pca = PCA(2).fit(rows)
    theirs = SVC(break_ties=True).fit(pca.transform(rows), labels)
    assert predicted(fitted(rows, labels, components=2), others, 3) == theirs.predict(pca.transform(others)).tolist()


def test_more_components_than_features_are_refused() -> None:
    rows, labels = overlapping(3)
    with pytest.raises(ConfigError, match="`6` principal components"):
        fitted(rows, labels, components=6)


def test_a_heavy_class_is_predicted_more_often() -> None:
    rows, labels = overlapping(2, each=60)
    weights = np.where(labels == 1, 1.9, 0.1)
    plain, weighted = fitted(rows, labels), fitted(rows, labels, weights=weights)
    assert sum(predicted(weighted, rows, 2)) > sum(predicted(plain, rows, 2))


def test_calibration_leaves_what_is_predicted() -> None:
    rows, labels = overlapping(4)
    plain, calibrated = fitted(rows, labels), fitted(rows, labels, calibrate=True)
    assert predicted(calibrated, rows, 4) == predicted(plain, rows, 4)


def test_calibration_makes_unseen_labels_likelier() -> None:
    rows, labels = overlapping(3, each=80)
    others, truth = overlapping(3, each=80, seed=1)
    plain, calibrated = (
        fitted(rows, labels, calibrate=calibrate).log_probabilities(others, 3)[np.arange(len(truth)), truth].mean()
        for calibrate in (False, True)
    )
    assert calibrated > plain


def test_a_class_of_one_sample_is_left_uncalibrated() -> None:
    rows, labels = overlapping(3)
    kept = np.r_[0, 20:60]  # one sample of class 0
    uncalibrated, calibrated = (
        fitted(rows[kept], labels[kept], calibrate=calibrate).log_probabilities(rows, 3) for calibrate in (False, True)
    )
    assert np.array_equal(uncalibrated, calibrated)


def test_one_class_alone_is_refused() -> None:
    rows, _ = overlapping(2)
    with pytest.raises(DataError, match="two classes"):
        fitted(rows, np.zeros(len(rows), dtype=np.int64))
