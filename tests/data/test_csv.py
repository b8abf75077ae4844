from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.data.datasets.csv import Csv
from ferray.data.samples import SampleList
from ferray.emotions import Emotion
from ferray.errors import ConfigError, DataError
from ferray.testing.fake_data import fake_image, write_png
from ferray.testing.fake_sets import write_csv, write_rows


def listing(root: Path, **params: Any) -> SampleList:
    return Csv(Csv.Params.model_validate(params), root).samples()


def two_faces(root: Path, *rows: str, header: str = "path,label") -> Path:
    """Two pictures, `a.png` and `b.png`, and a table of these rows."""
    for number, name in enumerate("ab"):
        write_png(root / f"{name}.png", fake_image(0, number, width=8, height=8))
    return write_rows(root / "labels.csv", [header, *rows])


def test_label_part_and_group_come_from_columns_by_name(tmp_path: Path) -> None:
    rows = ("train,a.png,s1,anger", "val,b.png,s2,AN", "train,./b.png,s2,Angry", "train,a.png,s1,angry")
    write_png(tmp_path / "c.png", fake_image(1, 1, width=8, height=8))
    root = two_faces(tmp_path, *rows, "test,c.png,s3,Happiness", header="Usage, Image ,Subject,Emotion")
    found = [(s.name, s.part, s.group) for s in listing(root).samples]
    assert found == [("a.png", "train", "s1"), ("b.png", "val", "s2"), ("c.png", "test", "s3")]


def test_paths_may_be_quoted_and_hold_commas(tmp_path: Path) -> None:
    write_png(tmp_path / "x, y.png", fake_image(0, 5, width=8, height=8))
    root = two_faces(tmp_path, '"x, y.png",sad', "b.png,happy")
    assert [sample.name for sample in listing(root).samples] == ["x, y.png", "b.png"]


def test_numbers_without_an_order_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"classes by numbers such as `1`\nhint: .*`dataset.label_order`"):
        listing(two_faces(tmp_path, "a.png,1", "b.png,2"))


def test_the_mapping_of_numbers_is_remarked_upon(tmp_path: Path) -> None:
    remarks = listing(two_faces(tmp_path, "a.png,1", "b.png,4"), label_order="rafdb").account.remarks
    assert remarks[0] == "labels are read as `4` Happy, `1` Surprise"


def test_names_that_are_their_classes_need_no_remark(tmp_path: Path) -> None:
    root = write_csv(tmp_path, per_class=1, parts=("train",), label_of=lambda emotion: emotion.title)
    assert listing(root).account.remarks == ()


def test_an_expression_without_a_picture_is_no_class_and_said(tmp_path: Path) -> None:
    found = listing(two_faces(tmp_path, "a.png,sad", "b.png,happy"))
    assert found.classes == ("Happy", "Sad")
    assert found.account.remarks[-1].startswith("no picture of `Angry`, `Disgust`, `Fear`, `Neutral`, `Surprise`: the")


def test_contempt_is_left_out_and_counted_or_kept(tmp_path: Path) -> None:
    root = two_faces(tmp_path, "a.png,sad", "b.png,contempt", "b.png,contempt")
    write_png(tmp_path / "c.png", fake_image(0, 7, width=8, height=8))
    write_rows(tmp_path / "labels.csv", ["path,label", "a.png,sad", "b.png,contempt", "c.png,happy"])
    assert [(p.count, p.what) for p in listing(root).account.passed] == [(1, "labelled `contempt`")]
    assert listing(root, contempt="keep").classes == ("Happy", "Sad", "Contempt")


@pytest.mark.parametrize(
    ("row", "kind", "reason"),
    [
        ("a.png,smirk", "unknown label", "has the label `smirk`, none of the seven expressions"),
        ("c.png,sad", "no file", "is not there"),
        ("../a.png,sad", "no file", "leads out of the data root"),
        ("/a.png,sad", "no file", "is an absolute path"),
        (",sad", "no file", "names no picture"),
        ("a.png,sad,x", "wrong length", "has `3` cells under `2` columns"),
        ("b.png,happy", "two labels", "stands under `Sad` and `Happy`"),
    ],
)
def test_a_row_that_cannot_be_a_sample_is_named(tmp_path: Path, row: str, kind: str, reason: str) -> None:
    root = two_faces(tmp_path, "a.png,happy", "b.png,sad", row)
    assert [(bad.kind, bad.reason) for bad in listing(root).bad] == [(kind, reason)]


def test_a_part_of_another_name_is_a_bad_row(tmp_path: Path) -> None:
    root = two_faces(tmp_path, "a.png,happy,train", "b.png,sad,fold3", header="path,label,split")
    assert [bad.reason for bad in listing(root).bad] == ["is in the part `fold3`, not train, val or test"]


def test_a_picture_that_is_listed_twice_is_taken_once_and_counted(tmp_path: Path) -> None:
    found = listing(two_faces(tmp_path, "a.png,happy", "b.png,sad", "a.png,happy"))
    assert len(found) == 2
    assert "1 picture is listed a second time, and taken once" in found.account.remarks


def test_a_wrong_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of the 1 pictures .* is there: .*gone/a.png`\nhint: .*dataset.images`"):
        listing(two_faces(tmp_path, "a.png,happy"), images="gone")


def test_images_are_looked_for_beside_the_table_or_where_it_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "set", per_class=1)
    params: dict[str, Any] = {"table": "set/labels.csv", "label_order": "rafdb"}
    assert listing(tmp_path, **params).samples == listing(tmp_path, images="set", **params).samples


def test_a_column_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    root = two_faces(tmp_path, "a.png,sad", header="where,label")
    with pytest.raises(DataError, match=r"name one of `where`, `label` with `dataset.path_column`"):
        listing(root)
    with pytest.raises(DataError, match=r"has no column `wher`, as `dataset.path_column` asks\nhint: did you mean"):
        listing(root, path_column="wher")


@pytest.mark.parametrize("rows", [("a.png,sad", "b.png,SA"), ("a.png,contempt",)])
def test_fewer_than_two_classes_are_refused(tmp_path: Path, rows: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=r"has pictures of one class alone, `Sad`|has no picture with a label"):
        listing(two_faces(tmp_path, *rows))


def test_a_table_without_rows_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no rows"):
        listing(two_faces(tmp_path))


def test_words_may_be_classes_as_they_are_written(tmp_path: Path) -> None:
    found = listing(two_faces(tmp_path, "a.png,smirk", "b.png,0"), classes="as_written")
    assert found.classes == ("0", "smirk")


def test_a_sample_keeps_its_id_when_its_label_is_corrected(tmp_path: Path) -> None:
    before = listing(two_faces(tmp_path, "a.png,happy", "b.png,sad"))
    after = listing(two_faces(tmp_path, "a.png,fear", "b.png,sad"))
    assert before.samples[0].sample_id == after.samples[0].sample_id
    assert after.classes[after.samples[0].label] == Emotion.FEAR.title


def test_two_spellings_of_a_path_are_one_picture(tmp_path: Path) -> None:
    found = listing(two_faces(tmp_path, "a.png,happy", "b.png,sad", ".//a.png,happy"))
    assert [sample.name for sample in found.samples] == ["a.png", "b.png"]


def test_a_path_that_no_file_can_have_is_not_there(tmp_path: Path) -> None:
    root = two_faces(tmp_path, "a.png,happy", "b.png,sad", f"{'x' * 5000}.png,sad")
    assert [bad.reason for bad in listing(root).bad] == ["is not there"]


def test_a_table_of_absolute_paths_is_told_from_where_to_write_them(tmp_path: Path) -> None:
    root = two_faces(tmp_path, f"{tmp_path}/a.png,happy", f"{tmp_path}/b.png,sad")
    with pytest.raises(DataError, match="names its pictures by absolute paths, such as") as caught:
        listing(root)
    assert "`dataset.images`" in caught.value.hint


def test_a_table_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    root = two_faces(tmp_path, "a.png,happy", "b.png,sad")
    with pytest.raises(DataError, match=f"there is no `{tmp_path}/lables.csv`") as caught:
        listing(root, table="lables.csv")
    assert caught.value.hint == "did you mean `labels.csv`?"


def test_an_index_that_pandas_has_written_is_neither_part_nor_group(tmp_path: Path) -> None:
    root = two_faces(tmp_path, "0,a.png,anger", "1,b.png,happy", header=",pth,label")
    assert [(sample.part, sample.group) for sample in listing(root).samples] == [("all", ""), ("all", "")]


def test_a_table_of_pixels_is_told_who_reads_it(tmp_path: Path) -> None:
    write_rows(tmp_path / "labels.csv", ["emotion,pixels,Usage", "0,1 2 3 4,Training"])
    with pytest.raises(DataError, match="holds the pixels of pictures") as caught:
        listing(tmp_path)
    assert "`dataset=fer2013`" in str(caught.value.hint)
