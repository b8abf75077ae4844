from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice, TrialConfig
from ferray.data.datasets.fer2013 import Fer2013
from ferray.data.datasets.ferplus import Ferplus
from ferray.data.judging import judging
from ferray.data.pack import ensure_data, open_splits
from ferray.data.samples import SampleList, Splits
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.testing.fake_sets import (
    FERPLUS_HEADER,
    ferplus_votes,
    write_ferplus_csv,
    write_ferplus_folders,
    write_rows,
)

VOTES = "fer2013new.csv"
TRAIN = "ferplus/data/FER2013Train"


def listing(root: Path, **params: Any) -> SampleList:
    return Ferplus(Ferplus.Params.model_validate(params), root).samples()


def changed(root: Path, name: str, row: int, line: str) -> Path:
    """The file with one of its lines, counted from 0, replaced; taken away for an empty one."""
    lines = (root / name).read_text().splitlines()
    lines[row : row + 1] = [line] if line else []
    write_rows(root / name, lines)
    return root


def opened(root: Path, **params: Any) -> Splits:
    choice = DatasetChoice.model_validate({"ferplus": params})
    return open_splits(choice, size=8, limit_per_class=None, data_root=root, cache_dir=root / "cache")


def test_votes_are_joined_with_the_faces_by_row(tmp_path: Path) -> None:
    samples = listing(write_ferplus_csv(tmp_path, per_class=1)).samples
    faces = Fer2013(Fer2013.Params(), tmp_path).samples().samples
    assert [(s.sample_id, s.name, s.part, s.label) for s in samples] == [
        (face.sample_id, face.name, face.part, face.label) for face in faces
    ]
    shares = dict(zip(Emotion, samples[0].votes or (), strict=True))
    assert (Emotion(samples[0].label), shares[Emotion.ANGRY], shares[Emotion.DISGUST]) == (Emotion.ANGRY, 0.7, 0.3)


@pytest.mark.parametrize("folder", ["", "fer2013", "FER2013", "ferplus", "FERPlus-master"])
def test_both_tables_are_found_where_fer2013_or_ferplus_is(tmp_path: Path, folder: str) -> None:
    write_ferplus_csv(tmp_path / folder, per_class=1)
    assert len(listing(tmp_path)) == 21


def test_the_votes_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    write_ferplus_csv(tmp_path, per_class=1)
    (tmp_path / "ferplus").mkdir()
    (tmp_path / VOTES).rename(tmp_path / "ferplus" / VOTES)
    assert len(listing(tmp_path)) == 21


def test_folders_of_ferplus_own_script_are_read(tmp_path: Path) -> None:
    found = listing(write_ferplus_folders(tmp_path, per_class=1))
    assert Counter(sample.part for sample in found.samples) == {"train": 7, "val": 7, "test": 7}
    assert {sample.label for sample in found.samples} == set(range(7))


def test_folders_may_take_their_votes_from_the_table_of_all(tmp_path: Path) -> None:
    root = write_ferplus_folders(tmp_path, per_class=1)
    rows = [FERPLUS_HEADER]
    for usage, part in (("Training", "Train"), ("PublicTest", "Valid"), ("PrivateTest", "Test")):
        labels = root / f"ferplus/data/FER2013{part}/label.csv"
        rows += [line.replace(',"(0, 0, 48, 48)"', "") for line in labels.read_text().splitlines()]
        rows[-7:] = [f"{usage},{row}" for row in rows[-7:]]
        labels.unlink()
    write_rows(root / "ferplus" / VOTES, rows)
    assert len(listing(root)) == 21


def test_validation_and_test_need_agreement_and_training_does_not(tmp_path: Path) -> None:
    root = write_ferplus_csv(tmp_path, per_class=1)
    for row, usage in ((1, "Training"), (8, "PublicTest"), (15, "PrivateTest")):
        changed(root, VOTES, row, f"{usage},a.png,{ferplus_votes(4, second=5, by=5)}")
    assert Counter(sample.part for sample in listing(root).samples) == {"train": 7, "val": 6, "test": 6}
    assert Counter(s.part for s in listing(root, agreement=0.4).samples) == {"train": 7, "val": 7, "test": 7}
    assert Counter(s.part for s in listing(root, train_agreement=0.5).samples) == {"train": 6, "val": 6, "test": 6}


def test_what_is_left_out_by_rule_is_counted(tmp_path: Path) -> None:
    root = write_ferplus_csv(tmp_path, per_class=2)
    changed(root, VOTES, 1, "Training,,0,0,0,0,0,0,0,0,0,10")
    passed = {over.what: over.count for over in listing(root).account.passed}
    assert passed == {"of contempt by the votes": 21, "without a face by the votes": 1}


def test_contempt_may_be_kept(tmp_path: Path) -> None:
    found = listing(write_ferplus_csv(tmp_path, per_class=2), contempt="keep")
    assert (len(found), found.classes[7]) == (42, "Contempt")


def test_what_is_trained_on_changes_no_image_and_no_pack(tmp_path: Path) -> None:
    root = write_ferplus_csv(tmp_path, per_class=2)
    soft, hard, drawn = (opened(root, votes=votes) for votes in ("soft", "majority", "draw"))
    assert soft.folder == hard.folder == drawn.folder
    np.testing.assert_array_equal(soft.train.votes, drawn.train.votes)
    with judging(lambda: None):
        np.testing.assert_array_equal(soft.test.unsealed().labels, hard.test.unsealed().labels)


def test_votes_come_through_the_pack_beside_their_images(tmp_path: Path) -> None:
    train = opened(write_ferplus_csv(tmp_path, per_class=2)).train
    assert train.votes is not None
    assert train.votes.argmax(axis=1).tolist() == train.labels.tolist()
    kept = train.only(np.arange(len(train)) % 2 == 1)
    np.testing.assert_array_equal(kept.votes, train.votes[1::2])


@pytest.mark.parametrize(("votes", "targets"), [("soft", "votes"), ("majority", "label"), ("draw", "drawn")])
def test_the_choice_is_what_training_asks_for(votes: str, targets: str) -> None:
    config = TrialConfig.model_validate({"dataset": {"ferplus": {"votes": votes}}})
    assert config.dataset.build_params().training_targets == targets


def test_tables_of_different_lengths_are_refused(tmp_path: Path) -> None:
    root = changed(write_ferplus_csv(tmp_path, per_class=1), VOTES, 3, "")
    with pytest.raises(
        DataError, match=r"has 20 rows and `fer2013.csv` 21, which are joined by their order\nhint: take"
    ):
        listing(root)


def test_a_table_in_another_order_is_refused(tmp_path: Path) -> None:
    root = changed(write_ferplus_csv(tmp_path, per_class=1), VOTES, 3, f"PublicTest,a.png,{ferplus_votes(0, second=1)}")
    with pytest.raises(DataError, match=r"fer2013new.csv:4` is of `PublicTest`, .* `fer2013.csv:4`, of the train part"):
        listing(root)


def test_faces_without_usage_take_that_of_their_votes(tmp_path: Path) -> None:
    root = write_ferplus_csv(tmp_path, per_class=1)
    lines = [line.rpartition(",")[0] for line in (root / "fer2013.csv").read_text().splitlines()]
    write_rows(root / "fer2013.csv", lines)
    assert Counter(sample.part for sample in listing(root).samples) == {"train": 7, "val": 7, "test": 7}


def test_faces_without_votes_are_one_sentence(tmp_path: Path) -> None:
    (write_ferplus_csv(tmp_path, per_class=1) / VOTES).unlink()
    with pytest.raises(DataError, match=r"has no `fer2013new.csv` beside it, which holds the votes\nhint: get it from"):
        listing(tmp_path)


def test_votes_without_faces_are_one_sentence(tmp_path: Path) -> None:
    (write_ferplus_csv(tmp_path, per_class=1) / "fer2013.csv").unlink()
    with pytest.raises(DataError, match=r"holds votes by the rows of `fer2013.csv`, which is not there\nhint: put"):
        listing(tmp_path)


def test_lists_without_their_pictures_are_one_sentence(tmp_path: Path) -> None:
    root = write_ferplus_folders(tmp_path, per_class=1)
    _ = [picture.unlink() for picture in root.rglob("*.png")]
    with pytest.raises(
        DataError, match=r"none of the 21 pictures that the votes in `.*data` name is there\nhint: write"
    ):
        listing(root)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("gone.png,,4,0,0,6,0,0,0,0,0,0", "is not there"),
        ("../../x.png,,4,0,0,6,0,0,0,0,0,0", "leads out of the data root"),
        ("fer0000000.png,,4,0,0,6,0,0,0,0,0,0", f"has other votes than `{TRAIN}/label.csv:5` for the same picture"),
        ("fer0000000.png,,4,0,0,6,0,0,0,0,0", "has `11` cells under `12` columns"),
        ("fer0000000.png,,4,0,0,6,0,0,0,0,0,some", "has `some` votes for nf, which is no count"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    root = write_ferplus_folders(tmp_path, per_class=1)
    labels = (root / TRAIN / "label.csv").read_text().splitlines()
    write_rows(root / TRAIN / "label.csv", [*labels, line])
    found = listing(root)
    assert [bad.reason for bad in found.bad] == [reason]
    assert len(found) == 21


def test_a_picture_that_is_listed_twice_is_taken_once_and_counted(tmp_path: Path) -> None:
    root = write_ferplus_folders(tmp_path, per_class=1)
    labels = (root / TRAIN / "label.csv").read_text().splitlines()
    write_rows(root / TRAIN / "label.csv", [*labels, labels[0]])
    found = listing(root)
    assert len(found) == 21
    assert [(over.what, over.count) for over in found.account.passed] == [("listed a second time", 1)]


def test_a_class_that_the_votes_empty_is_told(tmp_path: Path) -> None:
    root = write_ferplus_csv(tmp_path, per_class=1)
    changed(root, VOTES, 8, f"PublicTest,a.png,{ferplus_votes(0, second=1)}")
    with pytest.raises(DataError, match="Angry"):
        ensure_data(DatasetChoice.model_validate("ferplus"), root, root / "cache")


def test_changed_votes_are_another_set(tmp_path: Path) -> None:
    root = write_ferplus_csv(tmp_path, per_class=1)
    before = Ferplus(Ferplus.Params(), root).fingerprint()
    changed(root, VOTES, 1, f"Training,a.png,{ferplus_votes(4, second=5, by=6)}")
    assert Ferplus(Ferplus.Params(), root).fingerprint() != before
