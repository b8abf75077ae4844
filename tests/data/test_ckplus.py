from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.ckplus import Ckplus
from ferray.data.pack import open_splits
from ferray.data.samples import SampleList
from ferray.errors import DataError
from ferray.testing.fake_sets import write_ck48, write_ck_sequences, write_rows

SIX = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise")


def listing(root: Path, **params: Any) -> SampleList:
    return Ckplus(Ckplus.Params.model_validate(params), root).samples()


def test_class_folders_have_six_classes_and_their_people(tmp_path: Path) -> None:
    found = listing(write_ck48(tmp_path, per_class=2))
    assert found.classes == SIX
    assert {sample.group for sample in found.samples} == {"s000", "s001"}


def test_contempt_is_counted_where_it_is_left_out(tmp_path: Path) -> None:
    passed = listing(write_ck48(tmp_path, per_class=3)).account.passed
    assert [(over.count, over.what) for over in passed] == [(3, "labelled `contempt`")]


def test_contempt_may_be_a_class_of_its_own(tmp_path: Path) -> None:
    assert listing(write_ck48(tmp_path), contempt="keep").classes == (*SIX, "Contempt")


def test_of_a_sequence_its_last_frames_are_taken(tmp_path: Path) -> None:
    samples = listing(write_ck_sequences(tmp_path, people=1), last_frames=2).samples
    assert [sample.name[-6:] for sample in samples[:2]] == ["04.png", "05.png"]
    assert Counter(sample.label for sample in samples) == dict.fromkeys(range(6), 2)


def test_its_first_frames_may_be_neutral_and_are_none_of_the_last(tmp_path: Path) -> None:
    found = listing(write_ck_sequences(tmp_path, people=1, frames=3), neutral_frames=2, last_frames=3)
    assert found.classes == (*SIX[:4], "Neutral", *SIX[4:])
    per_class = Counter(found.classes[sample.label] for sample in found.samples)
    # 7 labelled sequences, contempt among them, of whose frames two are neutral and one is not.
    assert (per_class["Neutral"], per_class["Angry"]) == (14, 1)


def test_sequences_without_a_label_are_counted(tmp_path: Path) -> None:
    passed = listing(write_ck_sequences(tmp_path, people=2)).account.passed
    assert (passed[0].count, passed[0].what) == (2, "(sequences) without a label")


def test_sequences_without_the_archive_of_labels_are_one_sentence(tmp_path: Path) -> None:
    write_ck_sequences(tmp_path, people=1)
    (tmp_path / "CK+" / "Emotion").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"has the sequences, and no labels.*\nhint: unpack `Emotion_labels.zip`"):
        listing(tmp_path)


def test_a_foreign_label_names_each_frame(tmp_path: Path) -> None:
    write_ck_sequences(tmp_path, people=1)
    write_rows(tmp_path / "CK+" / "Emotion" / "S000" / "000" / "S000_000_00000005_emotion.txt", ["9.0"])
    bad = listing(tmp_path).bad
    assert {sample.reason for sample in bad} == {"has the label `9.0`, none of the seven expressions"}
    assert len(bad) == 3


def test_a_class_folder_without_images_is_refused(tmp_path: Path) -> None:
    for path in (write_ck48(tmp_path) / "CK+48" / "fear").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="has class folders without images"):
        listing(tmp_path)


def test_folders_of_other_names_are_not_the_set(tmp_path: Path) -> None:
    (write_ck48(tmp_path) / "CK+48").rename(tmp_path / "faces")
    with pytest.raises(DataError, match="dataset `ckplus` is not under"):
        listing(tmp_path)


@pytest.mark.parametrize("write", [write_ck48, write_ck_sequences])
def test_people_are_kept_together(tmp_path: Path, write: Any) -> None:
    choice = DatasetChoice.model_validate({"ckplus": {"split": "kfold_by_group", "folds": 3}})
    root = write(tmp_path)
    splits = open_splits(choice, size=8, limit_per_class=None, data_root=root, cache_dir=tmp_path / "cache")
    trained_on, in_val = (
        {PurePosixPath(name).name[:4] for name in split.names} for split in (splits.train, splits.val)
    )
    assert trained_on
    assert in_val
    assert not trained_on & in_val


def test_a_copy_under_another_name_has_the_content_of_the_first(tmp_path: Path) -> None:
    folder = write_ck48(tmp_path) / "CK+48"
    (folder / "fear" / "S009_000_00000001.png").write_bytes((folder / "anger" / "S000_000_00000017.png").read_bytes())
    contents = listing(tmp_path).contents
    assert len(contents) - len(set(contents)) == 1


def test_a_class_folder_of_another_name_is_bad_image_by_image(tmp_path: Path) -> None:
    (write_ck48(tmp_path, per_class=2) / "CK+48" / "fear").rename(tmp_path / "CK+48" / "boredom")
    reasons = [bad.reason for bad in listing(tmp_path).bad]
    assert reasons == 2 * ["has the label `boredom`, none of the seven expressions"]
