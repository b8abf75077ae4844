from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from ferray.imbalance import ClassCounts
from ferray.imbalance.undersample import Undersample

LABELS = np.repeat([0, 1, 3], [10, 4, 6])


def undersample(per_class: int | None = None) -> Undersample:
    return Undersample(Undersample.Params(per_class=per_class), ClassCounts.from_labels(LABELS, 4))


def test_every_class_shrinks_to_the_smallest() -> None:
    positions = undersample().sampler(LABELS, np.random.default_rng(0))
    assert np.bincount(LABELS[positions]).tolist() == [4, 4, 0, 4]


def test_per_class_is_what_a_class_gives_where_it_has_it() -> None:
    positions = undersample(per_class=5).sampler(LABELS, np.random.default_rng(0))
    assert np.bincount(LABELS[positions]).tolist() == [5, 4, 0, 5]


def test_no_sample_is_visited_twice() -> None:
    positions = undersample().sampler(LABELS, np.random.default_rng(0))
    assert len(set(positions.tolist())) == len(positions)


def test_the_next_epoch_draws_another_subset() -> None:
    generator = np.random.default_rng(0)
    first, second = (set(undersample().sampler(LABELS, generator).tolist()) for _ in range(2))
    assert first != second


def test_classes_come_mixed() -> None:
    positions = undersample().sampler(LABELS, np.random.default_rng(0))
    assert LABELS[positions].tolist() != sorted(LABELS[positions].tolist())


def test_zero_per_class_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Undersample.Params(per_class=0)
