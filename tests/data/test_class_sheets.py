from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.class_sheets import ShownImage, worth_a_look, write_class_sheets
from ferray.data.opened import open_dataset
from ferray.data.pack import open_splits
from ferray.data.samples import PackedSamples
from ferray.errors import DataError
from ferray.testing.fake_data import write_image_folder


def written(root: Path, folder: Path) -> list[Path]:
    choice = DatasetChoice.model_validate("image_folder")
    splits = open_splits(choice, size=16, limit_per_class=None, data_root=root, cache_dir=folder)
    return write_class_sheets(folder / "sheets", open_dataset(choice, root, folder).listing, splits)


def images(samples: PackedSamples, *flags: str) -> list[ShownImage]:
    return [ShownImage("train", samples, position, flag) for position, flag in enumerate(flags)]


@pytest.fixture
def samples(tmp_path: Path) -> PackedSamples:
    root = write_image_folder(tmp_path / "data")
    choice = DatasetChoice.model_validate("image_folder")
    return open_splits(choice, size=16, limit_per_class=None, data_root=root, cache_dir=tmp_path).train


def test_sheets_are_called_after_their_classes(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", classes=("calm", "très", "a b"))
    assert [path.name for path in written(root, tmp_path)] == ["a_b.png", "calm.png", "très.png"]


def test_a_picture_under_two_labels_says_the_other(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    shutil.copy(root / "train" / "calm" / "000.png", root / "val" / "glad" / "copy.png")
    plain = written(write_image_folder(tmp_path / "other"), tmp_path / "a")
    flagged = written(root, tmp_path / "b")
    assert [one.read_bytes() != other.read_bytes() for one, other in zip(plain, flagged, strict=True)] == [
        True,
        False,
        True,
    ]


def test_flagged_images_leave_half_of_the_sheet_to_others(samples: PackedSamples) -> None:
    chosen = worth_a_look(images(samples, *["copy"] * 100, *[""] * 100))
    assert [bool(image.flag) for image in chosen] == [True] * 40 + [False] * 40


def test_flagged_images_fill_what_others_leave(samples: PackedSamples) -> None:
    chosen = worth_a_look(images(samples, *["copy"] * 100, *[""] * 10))
    assert [bool(image.flag) for image in chosen] == [True] * 70 + [False] * 10


def test_pictures_under_two_labels_come_before_copies(samples: PackedSamples) -> None:
    chosen = worth_a_look(images(samples, "copy", "also glad", ""))
    assert [image.flag for image in chosen] == ["also glad", "copy", ""]


def test_a_folder_that_takes_no_writing_is_told(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    (tmp_path / "sheets").write_text("a file")
    with pytest.raises(DataError, match="cannot be written"):
        written(root, tmp_path)
