"""A list is taken out of the training split and of nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ferray.config.exclusion import Exclusion
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.data.left_out import LeftOut, leave_out
from ferray.data.samples import Splits
from ferray.errors import DataError
from ferray.testing.fake_data import write_image_folder
from ferray.training.inputs import open_inputs


def open_folder(root: Path, cache: Path) -> Splits:
    config = TrialConfig.model_validate({"dataset": "image_folder", "image_size": 16, "augment": "none"})
    return open_inputs(config, DataPlace(root, cache))


@pytest.fixture
def splits(tmp_path: Path) -> Splits:
    return open_folder(write_image_folder(tmp_path / "data", per_class=4), tmp_path / "cache")


def by_id(*numbers: int) -> Exclusion:
    return Exclusion(frozenset(numbers), frozenset())


def test_listed_samples_are_out_of_training(splits: Splits) -> None:
    listed = splits.train.sample_ids[[0, 5]]
    left, counts = leave_out(splits, by_id(*listed.tolist()), name="faces")
    assert counts == LeftOut(num_train=2, num_elsewhere=0, num_unmatched=0)
    kept = np.setdiff1d(np.arange(len(splits.train)), [0, 5])
    assert left.train.sample_ids.tolist() == splits.train.sample_ids[kept].tolist()
    assert left.train.names == tuple(splits.train.names[position] for position in kept)
    assert (left.train.inputs_of(np.arange(3)) == splits.train.inputs_of(kept[:3])).all()


def test_names_do_as_well_as_ids(splits: Splits) -> None:
    left, _ = leave_out(splits, Exclusion(frozenset(), frozenset(splits.train.names[:2])), name="faces")
    assert left.train.names == splits.train.names[2:]


def test_validation_and_test_stay_whole(splits: Splits) -> None:
    listed = [*splits.val.sample_ids[:2].tolist(), int(splits.test.sample_ids[0]), 12]
    left, counts = leave_out(splits, by_id(*listed), name="faces")
    assert (len(left.train), len(left.val), len(left.test)) == (len(splits.train), len(splits.val), len(splits.test))
    assert str(counts) == (
        "left out of training are 0 of 4 listed samples, 3 stay in validation or test, 1 matches nothing here"
    )


def test_one_sample_is_told_in_the_singular() -> None:
    assert str(LeftOut(num_train=1, num_elsewhere=0, num_unmatched=0)) == (
        "left out of training is 1 of 1 listed sample"
    )


def test_an_image_that_was_added_points_the_list_at_no_other(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", per_class=4)
    before = open_folder(root, tmp_path / "cache").train
    first = sorted((root / "train").glob("*/*.png"))[0]
    added = first.with_name("000-added.png")
    added.write_bytes(sorted((root / "train").glob("*/*.png"))[-1].read_bytes())
    after = open_folder(root, tmp_path / "other")
    left, counts = leave_out(after, by_id(int(before.sample_ids[1])), name="faces")
    assert counts.num_train == 1
    assert set(after.train.names) - set(left.train.names) == {before.names[1]}


def test_a_class_that_would_be_empty_is_named(splits: Splits) -> None:
    of_class = splits.train.sample_ids[splits.train.labels == 0]
    with pytest.raises(DataError, match=f"leaves no training image of `{splits.train.classes[0]}` in `faces`"):
        leave_out(splits, by_id(*of_class.tolist()), name="faces")


def everywhere(*numbers: int) -> Exclusion:
    return Exclusion(frozenset(numbers), frozenset(), frozenset(numbers))


def test_a_list_may_take_samples_out_of_every_split(splits: Splits) -> None:
    listed = [int(samples.sample_ids[0]) for samples in (splits.train, splits.val, splits.test)]
    left, counts = leave_out(splits, everywhere(*listed), name="faces")
    assert (len(left.train), len(left.val), len(left.test)) == tuple(
        len(samples) - 1 for samples in (splits.train, splits.val, splits.test)
    )
    assert str(counts) == "left out of training is 1 of 3 listed samples, 1 out of validation, 1 out of test"


def test_a_list_that_empties_a_class_of_validation_is_refused(splits: Splits) -> None:
    listed = splits.val.sample_ids[splits.val.labels == 0].tolist()
    with pytest.raises(DataError, match="leaves no validation image of `calm`"):
        leave_out(splits, everywhere(*listed), name="faces")
