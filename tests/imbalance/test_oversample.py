from __future__ import annotations

import numpy as np

from ferray.imbalance import ClassCounts
from ferray.imbalance.oversample import Oversample

LABELS = np.repeat([0, 1, 3], [10, 4, 6])


def visits(target_fraction: float) -> list[int]:
    """How often an epoch visits each of the samples."""
    strategy = Oversample(Oversample.Params(target_fraction=target_fraction), ClassCounts.from_labels(LABELS, 4))
    return np.bincount(strategy.sampler(LABELS, np.random.default_rng(0)), minlength=len(LABELS)).tolist()


def test_every_class_grows_to_the_largest() -> None:
    seen = visits(1.0)
    assert (sum(seen[:10]), sum(seen[10:14]), sum(seen[14:])) == (10, 10, 10)


def test_visits_within_a_class_differ_by_at_most_one() -> None:
    # 4 samples, 10 visits: two whole rounds, and two samples a third time.
    assert sorted(visits(1.0)[10:14]) == [2, 2, 3, 3]


def test_a_class_above_the_target_is_kept_whole() -> None:
    # Half of 10 is 5: the 4 samples gain one visit, the 6 and the 10 keep theirs.
    seen = visits(0.5)
    assert (sum(seen[:10]), sum(seen[10:14]), sum(seen[14:])) == (10, 5, 6)


def test_fraction_zero_visits_each_sample_once() -> None:
    assert visits(0.0) == [1] * 20
