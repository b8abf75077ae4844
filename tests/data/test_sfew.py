from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ferray.data.datasets.sfew import Sfew
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.testing.fake_data import fake_image, write_png, write_sfew2, write_sfew675, write_sfew_faces
from ferray.text.commands import command


def sfew(root: Path, **params: Any) -> Sfew:
    return Sfew(Sfew.Params.model_validate(params), root)


def parts(dataset: Sfew) -> dict[str, int]:
    return dict(Counter(sample.part for sample in dataset.samples().samples))


def one_a_class(folder: Path, *, width: int = 143, height: int = 181) -> None:
    for emotion in Emotion:
        write_png(
            folder / emotion.title / "Film_000000001_00000001.png", fake_image(emotion, 0, width=width, height=height)
        )


def test_an_unlabelled_test_folder_is_left_out(tmp_path: Path) -> None:
    assert parts(sfew(write_sfew2(tmp_path))) == {"train": 28, "val": 28}


def test_a_labelled_test_folder_is_the_test_part(tmp_path: Path) -> None:
    assert parts(sfew(write_sfew2(tmp_path, labelled_test=True))) == {"train": 28, "val": 28, "test": 28}


def test_the_675_image_set_has_no_parts(tmp_path: Path) -> None:
    assert parts(sfew(write_sfew675(tmp_path))) == {"all": 42}


def test_the_data_root_may_be_the_data_set_itself(tmp_path: Path) -> None:
    assert len(sfew(write_sfew2(tmp_path) / "SFEW").samples()) == 56


@pytest.mark.parametrize("place", ["sfew/Train_Aligned_Faces", "SFEW_2/Train/Train_Aligned_Faces", "SFEW/train"])
def test_aligned_faces_are_found_where_the_archives_put_them(tmp_path: Path, place: str) -> None:
    one_a_class(tmp_path / place)
    assert parts(sfew(tmp_path)) == {"train": 7}


def test_aligned_faces_are_preferred_to_the_frames_beside_them(tmp_path: Path) -> None:
    one_a_class(tmp_path / "SFEW" / "Train", width=720, height=576)
    one_a_class(tmp_path / "SFEW" / "Train_Aligned_Faces")
    names = {sample.name.split("/")[1] for sample in sfew(tmp_path).samples().samples}
    assert names == {"Train_Aligned_Faces"}


def test_frames_are_taken_when_asked_for(tmp_path: Path) -> None:
    one_a_class(tmp_path / "SFEW" / "Train", width=720, height=576)
    one_a_class(tmp_path / "SFEW" / "Train_Aligned_Faces")
    names = {sample.name.split("/")[1] for sample in sfew(tmp_path, faces="frames").samples().samples}
    assert names == {"Train"}


@pytest.mark.parametrize(("faces", "width", "height"), [("aligned", 720, 576), ("frames", 143, 181)])
def test_pictures_of_the_other_kind_are_refused(tmp_path: Path, faces: str, width: int, height: int) -> None:
    one_a_class(tmp_path / "SFEW" / "Train", width=width, height=height)
    with pytest.raises(DataError, match=f"`faces` asks for `{faces}`"):
        sfew(tmp_path, faces=faces).samples()


@pytest.mark.parametrize("kind", ["mtcnn", "center", "csv"])
def test_faces_that_ferray_cut_are_read_with_their_films(tmp_path: Path, kind: str) -> None:
    samples = sfew(write_sfew_faces(tmp_path, kind=kind), faces=kind).samples().samples
    assert len(samples) == 42
    assert {sample.group for sample in samples} == {"film0", "film1", "film2"}


def test_faces_that_are_not_cut_are_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are not there") as caught:
        sfew(write_sfew675(tmp_path), faces="mtcnn").samples()
    assert caught.value.hint == f"run `{command('data prepare sfew --faces mtcnn --data-root', tmp_path)}`"


def test_faces_of_a_preparation_that_was_stopped_are_not_read(tmp_path: Path) -> None:
    root = write_sfew_faces(tmp_path, kind="csv")
    (root / "sfew_faces_csv" / "report.json").rename(root / "sfew_faces_csv" / ".faces.jsonl")
    with pytest.raises(DataError, match="are not all cut") as caught:
        sfew(root, faces="csv").samples()
    assert "--boxes faces.csv" in caught.value.hint


def test_the_original_has_its_own_size(tmp_path: Path) -> None:
    frames = sfew(write_sfew675(tmp_path), faces="frames")
    assert frames.original(frames.samples().samples[0]).shape == (58, 72, 3)


def test_films_are_the_groups(tmp_path: Path) -> None:
    groups = {sample.group for sample in sfew(write_sfew675(tmp_path)).samples().samples}
    assert groups == {"film0", "film1", "film2"}


def test_wang2020_is_halves_by_its_papers_name() -> None:
    assert Sfew.Params.model_validate({"split": "wang2020"}) == Sfew.Params(split="halves")


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="wang2021"):
        Sfew.Params.model_validate({"split": "wang2021"})


def test_the_missing_set_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        sfew(tmp_path).samples()
    assert caught.value.message == f"dataset `sfew` is not under `{tmp_path}`"
    assert "SFEW/Train/<Class>/*.png" in caught.value.hint
    assert "academic research" in caught.value.hint
