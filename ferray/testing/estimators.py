"""The contract of estimators: one check a promise, each for an estimator with its parameters, not yet fitted.

Parametrise over `fitted_cases()` and call every function of `CHECKS`, as
tests/estimators/test_contract_estimators.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from ferray.estimators import Estimator
from ferray.registry import ROOMS, Params
from ferray.testing.corners import cases, check_params_survive_json

NUM_CLASSES = 3
Floats = NDArray[np.float64]
# Three clouds of 12 rows around corners of a cube: every kernel parts them.
LABELS = np.repeat(np.arange(NUM_CLASSES), 12)


def rows(seed: int = 0) -> Floats:
    """Rows (36, 4) for `LABELS`."""
    centres = 4.0 * np.eye(NUM_CLASSES, 4)
    return centres[LABELS] + 0.5 * np.random.default_rng(seed).standard_normal((len(LABELS), 4))


def fitted_cases() -> list[tuple[str, Params]]:
    """(name, parameters) of each estimator that can be fitted, at each corner that 36 rows of 4 features allow."""
    found = [case for case in cases(ROOMS["estimator"]) if case[0] != "none"]
    return [case for case in found if (getattr(case[1], "components", None) or 0) <= 4]


def fitted(estimator: Estimator, seed: int = 0) -> Estimator:
    """A fresh copy, fitted to the clouds."""
    copy = type(estimator)(estimator.params)
    copy.fit(rows(), LABELS, weights_N=np.ones(len(LABELS)), seed=seed)
    return copy


def check_answers_are_log_probabilities(estimator: Estimator) -> None:
    """Finite, and their exponentials sum to 1 for each sample, for rows far from all it has seen too."""
    answers = fitted(estimator).log_probabilities(np.concatenate([rows(1), 100 * rows(2)]), NUM_CLASSES)
    assert np.isfinite(answers).all()
    assert np.allclose(np.exp(answers).sum(axis=1), 1.0)


def check_a_class_that_was_not_in_training_is_least_likely(estimator: Estimator) -> None:
    """A fourth class exists and had no sample."""
    answers = fitted(estimator).log_probabilities(rows(1), NUM_CLASSES + 1)
    assert np.isfinite(answers).all()
    assert (answers.argmin(axis=1) == NUM_CLASSES).all()


def check_fitting_is_repeatable(estimator: Estimator) -> None:
    """The same samples and seed give the same answers."""
    first, second = (fitted(estimator).log_probabilities(rows(1), NUM_CLASSES) for _ in range(2))
    assert np.array_equal(first, second)


def check_an_answer_ignores_its_neighbours(estimator: Estimator) -> None:
    """A sample has its answer alone as in company, up to rounding."""
    model = fitted(estimator)
    whole = model.log_probabilities(rows(1), NUM_CLASSES)
    assert np.allclose(model.log_probabilities(rows(1)[:1], NUM_CLASSES), whole[:1], atol=1e-9)


def check_state_travels_without_code(estimator: Estimator) -> None:
    """A state that went through a file read with `weights_only=True` gives the same answers."""
    model = fitted(estimator)
    copy = type(estimator)(estimator.params)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.pt"
        torch.save(model.state_dict(), path)
        copy.load_state_dict(torch.load(path, weights_only=True))
    first, second = (one.log_probabilities(rows(1), NUM_CLASSES) for one in (model, copy))
    assert np.array_equal(first, second)


def check_no_global_random_state_is_touched(estimator: Estimator) -> None:
    """Draws come from the seed alone."""
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002  # numpy types it as a dict too
    fitted(estimator)
    assert np.array_equal(np.random.get_state()[1], before)  # type: ignore[index]  # noqa: NPY002


CHECKS: tuple[Callable[[Estimator], None], ...] = (
    check_params_survive_json,
    check_answers_are_log_probabilities,
    check_a_class_that_was_not_in_training_is_least_likely,
    check_fitting_is_repeatable,
    check_an_answer_ignores_its_neighbours,
    check_state_travels_without_code,
    check_no_global_random_state_is_touched,
)
