from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ferray.data.bad_samples import BadSample
from ferray.data.datasets import Dataset
from ferray.data.datasets.fer2013 import Fer2013
from ferray.emotions import Emotion
from ferray.errors import BadSampleError, DataError
from ferray.testing.fake_data import fake_image, write_fer2013_csv, write_fer2013_folders, write_png


def fer2013(root: Path) -> Fer2013:
    return Fer2013(Fer2013.Params(), root)


def parts(root: Path) -> dict[str, int]:
    return dict(Counter(sample.part for sample in fer2013(root).samples().samples))


def write_rows(root: Path, *rows: str, header: str = "emotion,pixels,Usage") -> Path:
    (root / "fer2013.csv").write_text("\n".join([header, *rows]))
    return root


@pytest.mark.parametrize("header", ["emotion,pixels,Usage", "emotion, Usage, pixels", "pixels,Usage,emotion"])
def test_usage_decides_the_part_whatever_the_header(tmp_path: Path, header: str) -> None:
    write_fer2013_csv(tmp_path, per_class=2, header=header)
    assert parts(tmp_path) == {"train": 14, "val": 14, "test": 14}


def test_packs_from_before_file_names_told_the_parts_are_not_served() -> None:
    assert Fer2013.version > Dataset.version


@pytest.mark.parametrize("place", ["fer2013.csv", "fer2013/fer2013.csv", "FER2013/icml_face_data.csv", "Fer2013.CSV"])
def test_the_csv_is_found_where_people_put_it(tmp_path: Path, place: str) -> None:
    write_fer2013_csv(tmp_path, per_class=1, name=place)
    assert len(fer2013(tmp_path).samples()) == 21


@pytest.mark.parametrize(("code", "emotion"), [(0, Emotion.ANGRY), (4, Emotion.SAD), (6, Emotion.NEUTRAL)])
def test_codes_of_the_csv_are_translated(tmp_path: Path, code: int, emotion: Emotion) -> None:
    write_rows(tmp_path, f"{code},1 2 3 4,Training")
    assert fer2013(tmp_path).samples().samples[0].label == emotion


def test_pixels_of_a_row_come_back_as_grey_rgb(tmp_path: Path) -> None:
    write_rows(tmp_path, "0,9 9 9 9,Training", "3,10 20 30 40,PublicTest")
    dataset = fer2013(tmp_path)
    image = dataset.decode(dataset.samples().samples[1], 2)
    assert image.tolist() == [[[10] * 3, [20] * 3], [[30] * 3, [40] * 3]]


def test_a_csv_without_usage_has_no_parts(tmp_path: Path) -> None:
    write_rows(tmp_path, "0,1 2 3 4", "1,1 2 3 4", header="emotion,pixels")
    assert parts(tmp_path) == {"all": 2}


def test_a_row_keeps_its_id_when_rows_are_put_before_it_and_its_label_is_corrected(tmp_path: Path) -> None:
    first = fer2013(write_rows(tmp_path, "0,1 2 3 4,Training")).samples().samples[0]
    later = fer2013(write_rows(tmp_path, "0,9 9 9 8,PrivateTest", "3,1 2 3 4,Training")).samples().samples[1]
    assert first.sample_id == later.sample_id


@pytest.mark.parametrize("name", ["fer2013.xlsx", "FER-2013.xls", "fer2013/icml_face_data.ods", "train.parquet"])
def test_a_sheet_in_place_of_the_csv_is_to_be_saved_as_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError) as caught:
        fer2013(tmp_path).samples()
    assert caught.value.hint.startswith(f"save `{tmp_path / name}` as `fer2013.csv`, with commas\n  or set FERRAY_DATA")


def test_equal_rows_have_ids_of_their_own(tmp_path: Path) -> None:
    samples = fer2013(write_rows(tmp_path, *["0,1 2 3 4,Training"] * 3)).samples().samples
    assert len({sample.sample_id for sample in samples}) == 3


def test_equal_rows_are_known_to_be_the_same_picture(tmp_path: Path) -> None:
    listing = fer2013(
        write_rows(tmp_path, "0,1 2 3 4,Training", "1,1 2 3 4,PublicTest", "1,1 2 3 5,Training")
    ).samples()
    assert [content == listing.contents[0] for content in listing.contents] == [True, True, False]


@pytest.mark.parametrize(
    ("row", "class_name", "kind", "reason"),
    [
        (
            "7,1 2 3 4,Training",
            "",
            "unknown label",
            "has the emotion `7`, neither 0 to 6 nor one of the seven expressions",
        ),
        (
            "\u00b2,1 2 3 4,Training",
            "",
            "unknown label",
            "has the emotion `\u00b2`, neither 0 to 6 nor one of the seven expressions",
        ),
        (
            ",1 2 3 4,Training",
            "",
            "unknown label",
            "has the emotion ``, neither 0 to 6 nor one of the seven expressions",
        ),
        (
            "0,1 2 3 4,Tuesday",
            "Angry",
            "unknown usage",
            "has the usage `Tuesday`, not Training, PublicTest or PrivateTest",
        ),
        ("3,1 2 3,Training", "Happy", "wrong pixels", "has `3` pixels, most rows have `4`"),
        ("3,1 2 3 4 5 6 7 8 9,Training", "Happy", "wrong pixels", "has `9` pixels, most rows have `4`"),
        ("3,1 2 3 4", "", "wrong length", "has `2` cells under `3` columns"),
    ],
)
def test_a_row_that_cannot_be_a_sample_is_listed(
    tmp_path: Path, row: str, class_name: str, kind: str, reason: str
) -> None:
    write_rows(tmp_path, "0,1 2 3 4,Training", row, "1,5 6 7 8,Training")
    listing = fer2013(tmp_path).samples()
    assert [replace(bad, part="") for bad in listing.bad] == [BadSample("fer2013.csv:3", class_name, kind, reason)]
    assert [sample.name for sample in listing.samples] == ["fer2013.csv:2", "fer2013.csv:4"]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ("1 2 3", "has `3` pixels, not a square"),
        ("1 2 3 256", "has a pixel of `256`, not 0 to 255"),
        ("1 2 3 99999999999999999999", "has a pixel of `9223372036854775807`, not 0 to 255"),
        ("1 2 3 x", "has a pixel that is not a number"),
        ("1 2 3 -4", "has a pixel that is not a number"),
        ("1 2 3 4.0", "has a pixel that is not a number"),
        ("1 2 3 1_0", "has a pixel that is not a number"),
        ("1 2 3 \u0663", "has a pixel that is not a number"),
        ("", "has a pixel that is not a number"),
        ("7 7 7 7", "has one colour"),
    ],
)
def test_wrong_pixels_are_told_with_their_row(tmp_path: Path, pixels: str, message: str) -> None:
    dataset = fer2013(write_rows(tmp_path, f"0,{pixels},Training"))
    with pytest.raises(BadSampleError, match=f"line 2 of fer2013.csv {message}"):
        dataset.decode(dataset.samples().samples[0], 4)


def test_two_spaces_between_pixels_are_one(tmp_path: Path) -> None:
    assert not fer2013(write_rows(tmp_path, "0,1  2 3 4,Training", "0,1 2 3 4,Training")).samples().bad


def test_a_csv_without_rows_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"fer2013\.csv` has no rows"):
        fer2013(write_rows(tmp_path)).samples()


def test_file_names_that_say_their_usage_win_over_the_folder(tmp_path: Path) -> None:
    write_fer2013_folders(tmp_path, per_class=2)
    assert parts(tmp_path) == {"train": 14, "val": 14, "test": 14}


def test_plain_file_names_leave_val_to_the_split(tmp_path: Path) -> None:
    write_fer2013_folders(tmp_path, per_class=2, usage_in_names=False)
    assert parts(tmp_path) == {"train": 14, "test": 14}


def test_the_data_root_may_be_the_data_set_itself(tmp_path: Path) -> None:
    write_fer2013_folders(tmp_path, per_class=1)
    assert len(fer2013(tmp_path / "fer2013").samples()) == 21


def test_a_class_folder_that_is_no_expression_is_named(tmp_path: Path) -> None:
    write_fer2013_folders(tmp_path, per_class=1)
    write_png(tmp_path / "fer2013" / "train" / "bored" / "x.png", fake_image(0, 0))
    with pytest.raises(DataError, match="train/bored`: `bored` is not one of the seven expressions"):
        fer2013(tmp_path).samples()


def test_a_changed_csv_has_another_fingerprint(tmp_path: Path) -> None:
    first = fer2013(write_rows(tmp_path, "0,1 2 3 4,Training")).fingerprint()
    assert first != fer2013(write_rows(tmp_path, "0,1 2 3 5,Training")).fingerprint()


def test_folders_decode_to_what_was_written(tmp_path: Path) -> None:
    dataset = fer2013(write_fer2013_folders(tmp_path, per_class=1))
    first = dataset.samples().samples[0]
    assert (first.name, first.part) == ("fer2013/test/angry/PrivateTest_00000000.png", "test")
    assert np.array_equal(dataset.decode(first, 48), fake_image(Emotion.ANGRY, 2000))


def test_a_picture_may_have_an_at_sign_in_its_name(tmp_path: Path) -> None:
    write_png(tmp_path / "fer2013" / "train" / "angry" / "a@2.png", fake_image(0, 0))
    dataset = fer2013(tmp_path)
    assert dataset.decode(dataset.samples().samples[0], 24).shape == (24, 24, 3)


def test_the_original_of_a_row_is_its_square(tmp_path: Path) -> None:
    dataset = fer2013(write_rows(tmp_path, "0,1 2 3 4,Training"))
    assert dataset.original(dataset.samples().samples[0])[:, :, 0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(("name", "act"), [("archive.zip", "unpack it and"), ("train_data.csv", "it is a file:")])
def test_a_file_given_for_the_data_root_is_told_as_one(tmp_path: Path, name: str, act: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError) as caught:
        fer2013(tmp_path / name).samples()
    assert caught.value.hint.startswith(f"{act} pass its folder\n  or set FERRAY_DATA")
