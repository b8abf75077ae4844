from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.cache_folder import default_cache_dir
from ferray.config.place import DataPlace
from ferray.errors import DataError
from ferray.results.originals import Originals
from ferray.testing.trials import demo_config


def originals(**changes: object) -> Originals:
    return Originals(demo_config(num_train=84, num_val=28, **changes), DataPlace(Path("nowhere"), default_cache_dir()))


def test_a_sample_is_decoded_at_the_size_asked_for() -> None:
    assert originals().picture(3, "train/00003", 40).shape == (40, 40, 3)


@pytest.mark.parametrize(("sample_id", "found"), [(4, "`train/00004`"), (99, "missing")])
def test_a_sample_of_another_name_is_an_error(sample_id: int, found: str) -> None:
    with pytest.raises(DataError, match=f"was `train/00003` and is {found}"):
        originals().picture(sample_id, "train/00003", 40)


def test_classes_are_counted_in_the_training_split() -> None:
    assert sum(originals().class_counts(0)) == 84


def test_classes_are_counted_in_the_training_split_of_a_fold() -> None:
    # Each of 112 images trains in three of four folds.
    assert sum(sum(originals(folds={"k": 4}).class_counts(fold)) for fold in range(4)) == 3 * 112


def test_classes_are_counted_under_the_limit() -> None:
    assert max(originals(limit_per_class=4).class_counts(0)) == 4
