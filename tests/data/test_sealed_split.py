"""The test split under seal: what everybody may know of it, and that nobody reads it but who judges a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.judging import SplitIsSealed, judging
from ferray.data.pack import open_splits
from ferray.data.samples import SealedSplit
from ferray.testing.fake_data import write_image_folder


@pytest.fixture
def sealed(tmp_path: Path) -> SealedSplit:
    root, choice = write_image_folder(tmp_path / "data"), DatasetChoice.model_validate("image_folder")
    return open_splits(choice, size=16, limit_per_class=None, data_root=root, cache_dir=tmp_path).test


def test_the_test_split_opens_for_nobody(sealed: SealedSplit) -> None:
    with pytest.raises(SplitIsSealed):
        sealed.unsealed()


def test_it_opens_while_a_model_is_judged(sealed: SealedSplit) -> None:
    with judging(lambda: None):
        samples = sealed.unsealed()
    assert samples.images_of(np.arange(len(samples))).shape == (len(sealed), 16, 16, 3)


def test_it_is_shut_again_afterwards(sealed: SealedSplit) -> None:
    with judging(lambda: None):
        pass
    with pytest.raises(SplitIsSealed):
        sealed.unsealed()


def test_it_is_shut_again_where_judging_fails(sealed: SealedSplit) -> None:
    with pytest.raises(ZeroDivisionError), judging(lambda: None):
        raise ZeroDivisionError
    with pytest.raises(SplitIsSealed):
        sealed.unsealed()


def test_it_is_still_shut_while_the_reading_is_written_down(sealed: SealedSplit) -> None:
    with pytest.raises(SplitIsSealed), judging(lambda: print(sealed.unsealed())):
        pass


def test_rows_of_features_are_as_sealed(sealed: SealedSplit) -> None:
    with pytest.raises(SplitIsSealed):
        sealed.with_features(np.zeros((99, 2), dtype=np.float32)).unsealed()


@pytest.mark.parametrize("name", ["labels", "images", "features", "rows", "images_of", "inputs_of"])
def test_nothing_that_a_model_is_judged_by_can_be_asked_for(sealed: SealedSplit, name: str) -> None:
    assert not hasattr(sealed, name)


def test_it_says_how_many_images_each_class_has(sealed: SealedSplit) -> None:
    assert sum(sealed.class_counts()) == len(sealed) == len(sealed.sample_ids) == len(sealed.names)
