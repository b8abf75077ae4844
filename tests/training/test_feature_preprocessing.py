from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ferray.config.trial import PixelsConfig
from ferray.data.samples import PackedSamples
from ferray.testing.trials import packed_samples
from ferray.training.feature_preprocessing import FeaturePreprocessing, num_empty

NAN = float("nan")


def rows(values: list[list[float]], *, train: list[int] | None = None) -> PackedSamples:
    """A training split of these rows, or of some of them."""
    chosen = np.arange(len(values)) if train is None else np.array(train)
    samples = packed_samples([0] * len(chosen))
    return replace(samples, rows=chosen, features=np.array(values, dtype=np.float32))


def seen(normalise: str, samples: PackedSamples, row: list[float]) -> list[float]:
    features = FeaturePreprocessing.of_training(PixelsConfig.model_validate({"normalise": normalise}), samples)
    return features(torch.tensor([row], dtype=torch.float32))[0].tolist()


# Mean 3 and standard deviation 2, and mean 10 and standard deviation 0.
TABLE = [[1.0, 10.0], [5.0, 10.0]]


@pytest.mark.parametrize(
    ("normalise", "expected"),
    [
        ("backbone", [2.0, 0.0]),
        ("train_std", [2.0, 0.0]),
        ("train_mean", [4.0, 1.0]),
        ("train_minmax", [1.5, 0.0]),
        ("unit", [7.0, 11.0]),
    ],
)
def test_each_feature_is_normalised_by_the_training_split(normalise: str, expected: list[float]) -> None:
    assert seen(normalise, rows(TABLE), [7.0, 11.0]) == expected


def test_rows_of_other_splits_do_not_count() -> None:
    assert seen("train_mean", rows([*TABLE, [900.0, 900.0]], train=[0, 1]), [3.0, 10.0]) == [0.0, 0.0]


def test_an_empty_cell_becomes_the_median_of_the_training_split() -> None:
    table = [[1.0], [2.0], [NAN], [9.0], [500.0]]
    assert seen("unit", rows(table, train=[0, 1, 2, 3]), [NAN]) == [2.0]


def test_the_median_counts_among_what_is_averaged() -> None:
    # The cell counts as 2, so the mean of 1, 2, 2 and 9 is 3.5.
    assert seen("train_mean", rows([[1.0], [2.0], [NAN], [9.0]]), [NAN]) == [-1.5]


def test_a_feature_without_any_number_becomes_zero() -> None:
    assert seen("train_std", rows([[NAN], [NAN]]), [NAN]) == [0.0]


def test_a_feature_that_varies_by_rounding_alone_becomes_zero() -> None:
    assert seen("train_std", rows([[1e4], [1e4 + 0.001]]), [3e4]) == [0.0]


def test_many_rows_are_counted_in_chunks() -> None:
    values = np.random.default_rng(0).normal(5.0, 3.0, (2500, 2))
    expected = (values[0].astype(np.float32) - values.astype(np.float32).mean(0)) / values.astype(np.float32).std(0)
    assert seen("train_std", rows(values.tolist()), values[0].tolist()) == pytest.approx(expected.tolist(), abs=1e-5)


def test_json_brings_back_the_same_features() -> None:
    features = FeaturePreprocessing.of_training(PixelsConfig(), rows(TABLE))
    copy = FeaturePreprocessing.from_json(json.loads(json.dumps(features.to_json())))
    row = torch.tensor([[7.0, NAN]])
    assert torch.equal(copy(row), features(row))


def test_empty_cells_of_a_split_are_counted() -> None:
    assert num_empty(rows([[NAN, 1.0], [NAN, NAN], [2.0, 3.0]], train=[0, 2])) == 1
