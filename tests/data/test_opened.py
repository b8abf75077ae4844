"""A data set is listed once a process, until that is forgotten."""

from __future__ import annotations

from pathlib import Path

from ferray.config.trial import DatasetChoice
from ferray.data.opened import forget_listings, open_dataset

DEMO = DatasetChoice.model_validate({"demo": {"num_train": 14, "num_val": 7, "num_test": 7}})


def test_data_set_is_opened_once(tmp_path: Path) -> None:
    assert open_dataset(DEMO, tmp_path, tmp_path) is open_dataset(DEMO, tmp_path, tmp_path)


def test_forgotten_listing_is_made_anew_and_the_same(tmp_path: Path) -> None:
    before = open_dataset(DEMO, tmp_path, tmp_path)
    forget_listings()
    after = open_dataset(DEMO, tmp_path, tmp_path)
    assert after is not before
    assert after.listing == before.listing
