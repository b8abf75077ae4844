from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ferray.data.datasets import Dataset
from ferray.data.file_listing import emotion_label
from ferray.data.layout import ImageFile
from ferray.errors import DataError
from ferray.registry import ROOMS
from ferray.testing.fake_data import fake_image, write_fer2013_folders, write_image_folder, write_png, write_sfew2


def opened(dataset: str, root: Path, **params: Any) -> Dataset:
    component = ROOMS["dataset"].load(dataset)
    built: Dataset = component(component.Params(**params), root)
    return built


def ids(dataset: str, root: Path, **params: Any) -> dict[str, int]:
    return {sample.name: sample.sample_id for sample in opened(dataset, root, **params).samples().samples}


def test_samples_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = [sample.name for sample in opened("image_folder", write_image_folder(tmp_path)).samples().samples]
    assert names == sorted(names)


def test_no_id_changes_when_files_are_added_and_taken_away(tmp_path: Path) -> None:
    before = ids("image_folder", write_image_folder(tmp_path))
    write_png(tmp_path / "train" / "calm" / "000a.png", fake_image(0, 99))
    write_png(tmp_path / "test" / "glad" / "9.png", fake_image(0, 98))
    (tmp_path / "train" / "cross" / "001.png").unlink()
    after = ids("image_folder", tmp_path)
    assert {name: after[name] for name in before if name in after} == {
        name: number for name, number in before.items() if name != "train/cross/001.png"
    }


def test_the_same_set_has_the_same_ids_wherever_it_lies(tmp_path: Path) -> None:
    below = ids("fer2013", write_fer2013_folders(tmp_path, per_class=1))
    itself = ids("fer2013", tmp_path / "fer2013")
    assert below == {f"fer2013/{name}": number for name, number in itself.items()}


def test_the_same_set_has_the_same_ids_however_deep_its_folders_are(tmp_path: Path) -> None:
    before = ids("sfew", write_sfew2(tmp_path, per_class=1))
    (tmp_path / "SFEW" / "Val").rename(tmp_path / "Val")
    shutil.move(tmp_path / "Val", tmp_path / "SFEW" / "Val" / "Val_Aligned_Faces_new" / "Val_Aligned_Faces")
    assert sorted(ids("sfew", tmp_path).values()) == sorted(before.values())


def test_another_picture_of_the_same_name_has_another_id(tmp_path: Path) -> None:
    before = ids("image_folder", write_image_folder(tmp_path))
    write_png(tmp_path / "train" / "calm" / "000.png", fake_image(8, 0))
    after = ids("image_folder", tmp_path)
    assert [name for name in before if after[name] != before[name]] == ["train/calm/000.png"]


def test_one_picture_in_two_places_has_two_ids_and_one_content(tmp_path: Path) -> None:
    write_image_folder(tmp_path)
    shutil.copy(tmp_path / "train" / "calm" / "000.png", tmp_path / "train" / "glad" / "copy.png")
    listing = opened("image_folder", tmp_path).samples()
    content = {sample.name: content for sample, content in zip(listing.samples, listing.contents, strict=True)}
    assert content["train/calm/000.png"] == content["train/glad/copy.png"]
    assert len({sample.sample_id for sample in listing.samples}) == 37


def test_a_folder_that_is_no_expression_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="hapy`: `hapy` is not one of the seven expressions") as caught:
        emotion_label(ImageFile(tmp_path / "hapy", "x.png", "train"))
    assert caught.value.hint == "did you mean `happy`?"


def test_a_folder_in_another_language_is_told_what_takes_any_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`Wut` is not one of the seven expressions") as caught:
        emotion_label(ImageFile(tmp_path / "Wut", "x.png", "train"))
    assert "`dataset: {image_folder: {path: FOLDER}}` takes any" in caught.value.hint
