from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.expw import Expw
from ferray.data.pack import ensure_data, open_splits
from ferray.data.samples import SampleList
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.testing.fake_data import fake_image
from ferray.testing.fake_sets import FER_NUMBERS, write_expw

LIST = Path("label/label.lst")


def expw(root: Path) -> Expw:
    return Expw(Expw.Params(), root)


def listing(root: Path, *lines: str) -> SampleList:
    """With these lines added to the list."""
    (root / LIST).write_text((root / LIST).read_text() + "\n".join(lines) + "\n")
    return expw(root).samples()


@pytest.mark.parametrize("place", ["", "ExpW", "expw/data"])
def test_each_line_is_a_face_whose_label_is_in_the_order_of_fer2013(tmp_path: Path, place: str) -> None:
    write_expw(tmp_path / place, per_class=1)
    samples = expw(tmp_path).samples().samples
    assert [(sample.name[-2:], sample.label) for sample in samples] == [
        (f"#{emotion:d}", emotion) for emotion in Emotion
    ]


def test_a_face_is_cut_out_by_its_box(tmp_path: Path) -> None:
    dataset = expw(write_expw(tmp_path, per_class=1))
    face = dataset.original(dataset.samples().samples[Emotion.HAPPY])
    assert np.array_equal(face, fake_image(Emotion.HAPPY, 0, width=20, height=20))


def test_faces_of_one_picture_are_a_group(tmp_path: Path) -> None:
    groups = Counter(sample.group for sample in expw(write_expw(tmp_path, per_class=2)).samples().samples)
    assert groups == {"web_0.png": 7, "web_1.png": 7}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("web_0.png 9 0 0 20 20 64.5 7", "has the label `7`, none of the seven expressions"),
        ("web_9.png 0 0 0 20 20 64.5 1", "is not there"),
        ("web_0.png 9 0 20 0 20 64.5 1", "has the box `20 0 0 20`, which holds no pixel"),
        ("web_0.png 9 a 0 20 20 64.5 1", "has the box `0 a 20 20`, which holds no pixel"),
        ("web_0.png 1", "has `2` words, expected are `8`: image_name,"),
        ("web_0.png 0 0 0 20 20 64.5 1", "stands under `Angry` and `Disgust`"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    bad = listing(write_expw(tmp_path, per_class=1), line).bad
    assert len(bad) == 1
    assert bad[0].reason.startswith(reason)


def test_a_box_outside_of_its_picture_is_a_bad_sample(tmp_path: Path) -> None:
    listing(write_expw(tmp_path), "web_0.png 9 500 500 520 520 64.5 1")
    choice = DatasetChoice.model_validate({"expw": {"split": "random"}})
    with pytest.raises(DataError, match="has no pixel in the box `500,500,520,520`: it is `140` x `20`"):
        open_splits(choice, size=16, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")


def test_a_face_that_is_listed_twice_is_taken_once(tmp_path: Path) -> None:
    found = listing(write_expw(tmp_path, per_class=1), f"web_0.png 9 0 0 20 20 64.5 {FER_NUMBERS[0]}")
    assert len(found) == 7
    assert "1 picture is listed a second time, and taken once" in found.account.remarks


def test_an_empty_class_is_refused_by_name(tmp_path: Path) -> None:
    lines = (write_expw(tmp_path) / LIST).read_text().splitlines()
    (tmp_path / LIST).write_text("\n".join(line for line in lines if not line.endswith(" 2")))
    with pytest.raises(DataError, match="no image of `Fear` in train"):
        ensure_data(DatasetChoice.model_validate("expw"), tmp_path, tmp_path / "cache")


def test_a_list_without_its_pictures_is_one_sentence(tmp_path: Path) -> None:
    (write_expw(tmp_path) / "image").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"the pictures that it names are not: .*\nhint: unpack `origin.7z`"):
        expw(tmp_path).samples()
