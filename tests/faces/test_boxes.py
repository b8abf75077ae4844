from __future__ import annotations

from pathlib import Path

import pytest

from ferray.errors import DataError
from ferray.faces import Detection
from ferray.faces._boxes import box_cells, read_boxes, write_boxes

FACE = Detection(1.5, -2, 30.125, 40, 0.5, ((3, 4), (13.25, 5)))


def written(folder: Path, text: str) -> Path:
    path = folder / "faces.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_boxes(tmp_path / "faces.csv", [{"source": 'odd, "name".png', **box_cells(FACE)}, {"source": "missed.png"}])
    assert read_boxes(tmp_path / "faces.csv") == {'odd, "name".png': FACE, "missed.png": None}


def test_only_source_and_box_are_needed_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffy,x,height,width,source\n2,1,4,3,a\n")
    assert read_boxes(path) == {"a": Detection(1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a,1,2,3,,", "height is ``, not a number of pixels"),
        ("a,1,2,3,wide,", "height is `wide`, not a number of pixels"),
        ("a,1,2,nan,4,", "width is `nan`, not a number of pixels"),
        ("a,1,2,1e9,4,", "width is `1e9`, not a number of pixels"),
        ("a,1,2,3,0,", "a box of `3` x `0` pixels holds nothing"),
        ("a,1,2,3,4,5 6 7", "eyes are `5 6 7`, expected four numbers"),
        ("a,1,2,3,4,5 6 7 x", "eyes is `x`, not a number of pixels"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path: Path, row: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        read_boxes(written(tmp_path, f"source,x,y,width,height,eyes\n{row}\n"))
    assert f"has 1 problem\n  line 2, `a`: {problem}" in caught.value.message


def test_every_wrong_row_is_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has 2 problems\n  line 3, `a`: stands twice.*\n  line 4, `b`: "):
        read_boxes(written(tmp_path, "source,x,y,width,height\na,1,2,3,4\na,1,2,3,4\nb,1,2,3,-4\n"))


def test_of_many_wrong_rows_twenty_are_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="and 5 more"):
        read_boxes(written(tmp_path, "source,x,y,width,height\n" + "".join(f"{n},1,2,3,0\n" for n in range(25))))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column `height`"):
        read_boxes(written(tmp_path, "source,x,y,width\n"))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_boxes(tmp_path / "faces.csv")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faces.csv"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(DataError):
        read_boxes(path)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_cells_apart_by_another_mark_are_told(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path, "source,x,y,width,height\na,1,2,3,4\n".replace(",", mark))
    with pytest.raises(DataError, match="separates its columns by") as raised:
        read_boxes(path)
    assert raised.value.hint == "save it with commas"
