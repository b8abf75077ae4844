from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.jaffe import Jaffe
from ferray.data.pack import ensure_data, open_splits
from ferray.data.samples import SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import DataError
from ferray.testing.fake_data import fake_image
from ferray.testing.fake_sets import write_image, write_jaffe


def listing(root: Path) -> SampleList:
    return Jaffe(Jaffe.Params(), root).samples()


def test_names_tell_the_label_and_the_person(tmp_path: Path) -> None:
    found = listing(write_jaffe(tmp_path, people=("KA", "YM"), per_class=1))
    assert found.classes == EMOTION_NAMES
    assert Counter(sample.label for sample in found.samples) == dict.fromkeys(range(7), 2)
    assert {(s.name[6:8].lower(), s.group) for s in found.samples} == {("ka", "ka"), ("ym", "ym")}


@pytest.mark.parametrize("place", ["jaffe", "JAFFE/images/x", "."])
def test_pictures_are_found_where_people_unpack_them(tmp_path: Path, place: str) -> None:
    write_jaffe(tmp_path / "made", people=("KA",), per_class=1)
    (tmp_path / "root" / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "made" / "jaffe").rename(tmp_path / "root" / place)
    assert len(listing(tmp_path / "root")) == 7


def test_pictures_of_other_names_are_passed_over_and_counted(tmp_path: Path) -> None:
    write_image(write_jaffe(tmp_path) / "jaffe" / "logo.png", fake_image(0, 0, width=8, height=8))
    assert [(over.count, over.what) for over in listing(tmp_path).account.passed] == [(1, "of other names")]


def test_pictures_that_are_all_called_otherwise_are_one_sentence(tmp_path: Path) -> None:
    write_image(tmp_path / "jaffe" / "face1.png", fake_image(0, 0, width=8, height=8))
    with pytest.raises(DataError, match=r"none of the 1 pictures in .* is called as JAFFE's are, such as `KA"):
        listing(tmp_path)


def test_a_foreign_label_is_passed_over_as_a_foreign_name(tmp_path: Path) -> None:
    write_image(write_jaffe(tmp_path) / "jaffe" / "KA.XX1.99.tiff", fake_image(0, 0, width=8, height=8))
    assert [over.count for over in listing(tmp_path).account.passed] == [1]


def test_an_empty_class_is_refused_by_name(tmp_path: Path) -> None:
    for path in write_jaffe(tmp_path).rglob("*.FE*"):
        path.unlink()
    with pytest.raises(DataError, match="no image of `Fear` in train"):
        ensure_data(DatasetChoice.model_validate("jaffe"), tmp_path, tmp_path / "cache")


def test_people_are_kept_together(tmp_path: Path) -> None:
    write_jaffe(tmp_path, people=("KA", "KL", "YM"), per_class=2)
    choice = DatasetChoice.model_validate({"jaffe": {"split": "kfold_by_group", "folds": 3}})
    splits = open_splits(choice, size=8, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")
    trained_on, in_val = ({name[6:8] for name in split.names} for split in (splits.train, splits.val))
    assert (len(trained_on), len(in_val), len(trained_on & in_val)) == (2, 1, 0)


def test_a_copy_under_another_name_has_the_content_of_the_first(tmp_path: Path) -> None:
    folder = write_jaffe(tmp_path) / "jaffe"
    (folder / "KA.HA9.999.tiff").write_bytes((folder / "KA.HA1.300.tiff").read_bytes())
    contents = listing(tmp_path).contents
    assert len(contents) - len(set(contents)) == 1
