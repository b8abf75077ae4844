from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ferray.errors import BadSampleError, ConfigError, DataError
from ferray.faces import Detection
from ferray.faces.csv import Boxes

IMAGE = np.zeros((60, 80, 3), dtype=np.uint8)


def boxes(folder: Path, *rows: str) -> Boxes:
    path = folder / "faces.csv"
    path.write_text("\n".join(["source,x,y,width,height,eyes", *rows]), encoding="utf-8")
    return Boxes(Boxes.Params(boxes=str(path)))


def test_the_row_of_the_picture_is_its_face(tmp_path: Path) -> None:
    finder = boxes(tmp_path, "a.png,1,2,30,40,5 6 20 6", "b.png,0,0,9,9,")
    assert finder.find(IMAGE, "a.png") == [Detection(1, 2, 30, 40, eyes=((5, 6), (20, 6)))]


@pytest.mark.parametrize("name", ["empty.png", "absent.png"])
def test_a_picture_without_a_box_is_missed(tmp_path: Path, name: str) -> None:
    assert boxes(tmp_path, "empty.png,,,,,").find(IMAGE, name) == []


@pytest.mark.parametrize("row", ["a.png,80,0,9,9,", "a.png,-9,0,9,9,", "a.png,0,0,900,9,"])
def test_a_box_outside_the_picture_is_a_bad_sample(tmp_path: Path, row: str) -> None:
    with pytest.raises(BadSampleError, match="its box is not in them"):
        boxes(tmp_path, row).find(IMAGE, "a.png")


def test_rows_of_other_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has 1 problem\n  `b.png` is no picture of the data set"):
        boxes(tmp_path, "a.png,1,2,30,40,", "b.png,0,0,9,9,").check(["a.png"])


def test_without_a_file_the_option_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        Boxes(Boxes.Params()).check([])
    assert caught.value.hint == "pass `--boxes faces.csv`"


def test_a_corrected_row_changes_the_identity_of_its_picture_alone(tmp_path: Path) -> None:
    before = boxes(tmp_path, "a.png,1,2,30,40,", "b.png,0,0,9,9,")
    ids_before = before.identity("a.png"), before.identity("b.png")
    after = boxes(tmp_path, "a.png,1,2,30,41,", "b.png,0,0,9,9,")
    assert (ids_before[0] == after.identity("a.png"), ids_before[1] == after.identity("b.png")) == (False, True)
