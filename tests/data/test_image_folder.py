from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ferray.data.datasets.image_folder import ImageFolder
from ferray.errors import DataError
from ferray.testing.fake_data import fake_image, write_image_folder, write_png


def image_folder(root: Path, **params: Any) -> ImageFolder:
    return ImageFolder(ImageFolder.Params(**params), root)


def parts(dataset: ImageFolder) -> dict[str, int]:
    return dict(Counter(sample.part for sample in dataset.samples().samples))


def test_folders_of_splits_are_the_parts(tmp_path: Path) -> None:
    assert parts(image_folder(write_image_folder(tmp_path))) == {"train": 12, "val": 12, "test": 12}


@pytest.mark.parametrize("name", ["val", "Valid", "VALIDATION"])
def test_val_has_several_names(tmp_path: Path, name: str) -> None:
    write_image_folder(tmp_path, splits=("train", name), per_class=1)
    assert parts(image_folder(tmp_path)) == {"train": 3, "val": 3}


def test_one_level_of_classes_has_no_parts(tmp_path: Path) -> None:
    assert parts(image_folder(write_image_folder(tmp_path, splits=()))) == {"all": 12}


def test_classes_are_the_folder_names_in_order(tmp_path: Path) -> None:
    write_image_folder(tmp_path, classes=("zeal", "awe", "Mirth", "calm"))
    assert image_folder(tmp_path).samples().classes == ("Mirth", "awe", "calm", "zeal")


def test_path_names_a_folder_below_the_root(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "sets" / "mine", per_class=1)
    assert len(image_folder(tmp_path, path="sets/mine").samples()) == 9


@pytest.mark.parametrize("path", ["/etc", "../other", "a/../../b"])
def test_a_path_that_leaves_the_root_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path below the data root"):
        ImageFolder.Params(path=path)


def test_an_absolute_path_is_told_in_the_words_that_work() -> None:
    with pytest.raises(ValueError, match="pass `--data-root /home/me`, and `faces` here"):
        ImageFolder.Params(path="/home/me/faces")


def test_a_folder_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "sets" / "mine", per_class=1)
    with pytest.raises(DataError, match=f"there is no `{tmp_path}/sets/mien`") as caught:
        image_folder(tmp_path, path="sets/mien/deeper").samples()
    assert caught.value.hint == "did you mean `mine`?"


def test_a_folder_without_class_folders_is_the_one_that_is_named(tmp_path: Path) -> None:
    write_image_folder(tmp_path, per_class=1)
    with pytest.raises(DataError, match=f"`{tmp_path}/train/calm` holds 1 picture and no class folders"):
        image_folder(tmp_path, path="train/calm").samples()


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    write_image_folder(tmp_path, classes=("calm",))
    with pytest.raises(DataError, match="holds images of one class alone, `calm`"):
        image_folder(tmp_path).samples()


def test_a_class_that_only_val_has_is_a_class(tmp_path: Path) -> None:
    write_image_folder(tmp_path)
    write_png(tmp_path / "val" / "awe" / "x.png", fake_image(0, 0))
    assert image_folder(tmp_path).samples().classes == ("awe", "calm", "cross", "glad")


def test_a_class_of_pictures_that_are_not_read_is_told_to_save_them_anew(tmp_path: Path) -> None:
    write_image_folder(tmp_path, splits=(), classes=("awe", "calm"))
    (tmp_path / "joy").mkdir()
    (tmp_path / "joy" / "IMG_0001.HEIC").touch()
    with pytest.raises(DataError, match=r"joy: holds 1 file `\.heic`") as caught:
        image_folder(tmp_path).samples()
    assert caught.value.hint == "save them as JPEG or PNG"


def test_pictures_without_class_folders_are_told_where_their_labels_may_be(tmp_path: Path) -> None:
    write_png(tmp_path / "img001_anger.png", fake_image(0, 0))
    with pytest.raises(DataError, match="holds 1 picture and no class folders") as caught:
        image_folder(tmp_path).samples()
    assert "`dataset=csv`" in str(caught.value.hint)
