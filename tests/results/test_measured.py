from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.results.arms import trials_by_arm
from ferray.results.measured import Measured, Score, measured_on
from ferray.stats.clusters import Clusters
from ferray.stats.estimates import ONE_GROUP, OVER_FOLDS, OVER_SEEDS, PRICE_BONETT, WILSON
from ferray.testing.fake_arms import arms_record, arms_spec, fold_record, hold_out

SPEC = arms_spec()
RECORD = arms_record(SPEC, {"plain": (40, 44)})
TRIALS = trials_by_arm(RECORD)["plain"]
FOLDED = replace(
    TRIALS[0],
    config={**TRIALS[0].config, "folds": {"kind": "stratified", "k": 2}},
    folds=(fold_record(0, right=40, n=100, num_train=100), fold_record(1, right=50, n=100, num_train=100)),
)


def test_seeds_are_a_mean(tmp_path: Path) -> None:
    found = measured_on("val", "accuracy", TRIALS, tmp_path)
    assert found is not None
    assert (found.estimate().value, found.estimate().method, found.n) == (pytest.approx(0.42), OVER_SEEDS, 100)


def test_one_seed_has_the_interval_of_its_images(tmp_path: Path) -> None:
    found = measured_on("val", "accuracy", {0: TRIALS[0]}, tmp_path)
    assert found is not None
    assert found.estimate().method == WILSON


def test_a_uar_has_the_interval_of_recalls(tmp_path: Path) -> None:
    found = measured_on("val", "uar", {0: TRIALS[0]}, tmp_path)
    assert found is not None
    assert found.estimate().method == PRICE_BONETT


def test_the_test_split_is_what_evaluate_left(tmp_path: Path) -> None:
    hold_out(tmp_path, TRIALS[0], right=30, n=50)
    found = measured_on("test", "accuracy", {0: TRIALS[0]}, tmp_path)
    assert found is not None
    assert (found.estimate().value, found.n) == (0.6, 50)


def test_a_seed_that_was_not_evaluated_leaves_no_number(tmp_path: Path) -> None:
    hold_out(tmp_path, TRIALS[0], right=30, n=50)
    assert measured_on("test", "accuracy", TRIALS, tmp_path) is None


def test_seeds_on_images_of_one_person_have_no_interval() -> None:
    one_person = Clusters("people", 1, {})
    scores = [Score(right / 50, ((right, 50 - right), (0, 0)), clusters=one_person) for right in (30, 35)]
    found = Measured("accuracy", {seed: (score,) for seed, score in enumerate(scores)}, ("a", "b")).estimate()
    assert (found.value, found.interval, found.method, found.num_seeds) == (pytest.approx(0.65), None, ONE_GROUP, 2)


def test_an_answer_of_another_epoch_does_not_count(tmp_path: Path) -> None:
    hold_out(tmp_path, replace(TRIALS[0], best_epoch=8), right=30, n=50)
    assert measured_on("test", "accuracy", {0: TRIALS[0]}, tmp_path) is None


def test_folds_are_a_corrected_mean(tmp_path: Path) -> None:
    # s^2 = 0.005 times 1/2 + 100/100 gives an error of 0.0866, which t(0.975, 1) = 12.7 takes past both ends.
    found = measured_on("cv", "accuracy", {0: FOLDED}, tmp_path)
    assert found is not None
    estimate = found.estimate()
    assert (estimate.value, estimate.method, estimate.num_folds, estimate.n) == (
        pytest.approx(0.45),
        OVER_FOLDS,
        2,
        200,
    )
    assert estimate.standard_error == pytest.approx(0.0866025, abs=1e-6)


def test_a_trial_without_folds_has_no_cross_validation(tmp_path: Path) -> None:
    assert measured_on("cv", "accuracy", TRIALS, tmp_path) is None


def test_hits_by_class_are_summed_over_seeds(tmp_path: Path) -> None:
    found = measured_on("val", "accuracy", TRIALS, tmp_path)
    assert found is not None
    recall = found.recall(1)
    assert recall is not None
    assert (recall[0], recall[1].value) == ((42, 100), pytest.approx(0.42))


def test_hits_by_class_are_summed_over_folds(tmp_path: Path) -> None:
    found = measured_on("cv", "accuracy", {0: FOLDED}, tmp_path)
    assert found is not None
    recall = found.recall(0)
    assert recall is not None
    assert recall[0] == (45, 100)
