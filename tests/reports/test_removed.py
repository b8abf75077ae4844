"""The faces of removed samples: of the training split alone, and never more than a page may hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.data.opened import open_dataset
from ferray.data.splits import SplitTable, split_rows
from ferray.errors import DataError
from ferray.events import OutlierReport, RemovedSample
from ferray.reports.removed import MOST_PICTURES, Face, decoder, removed_samples, within
from ferray.results.originals import Originals
from ferray.results.removals import Gone, Look, Removals
from ferray.study.records import TrialRecord
from ferray.testing.fake_sweep import sweep_record
from ferray.testing.studied_sweep import removable_samples, studied_spec

CONFIG = TrialConfig.model_validate({"dataset": {"demo": {"num_train": 140, "num_val": 70, "num_test": 70}}})


def of_split(split: str) -> RemovedSample:
    """The first sample of a split, as if it had been removed."""
    samples = open_dataset(CONFIG.dataset, Path("nowhere"), Path("nowhere")).listing.samples
    rows: Any = split_rows(SplitTable.from_samples(samples), CONFIG.dataset.build_params())
    found = samples[int(getattr(rows, split)[0])]
    return RemovedSample(found.sample_id, found.name, found.label, 0, 1.0)


def removals(removed: list[RemovedSample]) -> Removals:
    looks = (Look(3, 0, OutlierReport(3, 0.1, 100, removed=tuple(removed))),)
    return Removals(0, "bdr", {}, ("A", "B", "C", "D", "E", "F", "G"), {0: 140}, looks)


def trial() -> TrialRecord:
    return replace(sweep_record().trials[0], config=CONFIG.to_json())


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_sample_of_another_split_has_no_picture_whatever_a_history_says(split: str, tmp_path: Path) -> None:
    found = removed_samples(removals([of_split(split)]), trial(), DataPlace(tmp_path, tmp_path))
    assert found.faces == ()
    assert "is no training sample of this data" in found.note


def test_a_training_sample_has_one(tmp_path: Path) -> None:
    image = decoder(Originals(CONFIG, DataPlace(tmp_path, tmp_path)))(Gone(3, 0, of_split("train")))
    assert (image.shape, image.dtype) == ((72, 72, 3), np.uint8)


def test_data_that_has_changed_gives_no_picture_and_the_reason(tmp_path: Path) -> None:
    other = replace(of_split("train"), name="another.png")
    found = removed_samples(removals([other]), trial(), DataPlace(tmp_path, tmp_path))
    assert (found.faces, "the data has changed" in found.note, found.num_removed) == ((), True, 1)


def test_without_the_data_the_samples_are_listed() -> None:
    found = removed_samples(removals([of_split("train")]), trial(), None)
    assert (len(found.listed), found.note) == (1, "no pictures: the page was made without the data")


def test_no_more_pictures_than_a_page_holds_and_the_highest_losses_first(tmp_path: Path) -> None:
    removed = removable_samples(studied_spec(1), 60)
    found = removed_samples(removals(removed), trial(), DataPlace(tmp_path, tmp_path))
    losses = [face.gone.sample.loss for face in found.faces]
    assert (len(losses), losses) == (MOST_PICTURES, sorted(losses, reverse=True))
    assert found.note == "12 more have no picture here: a page holds 48 at most"


def test_pictures_end_where_their_bytes_are_spent() -> None:
    face = Face(Gone(1, 0, of_split("train")), "x" * 150)
    assert list(within(449, [face] * 5)) == [face] * 2


def test_what_is_no_picture_is_not_decoded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no training sample"):
        decoder(Originals(CONFIG, DataPlace(tmp_path, tmp_path)))(Gone(1, 0, replace(of_split("train"), sample_id=-1)))
