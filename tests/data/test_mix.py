from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.mix import Mix
from ferray.data.opened import open_dataset
from ferray.data.pack import open_splits
from ferray.data.samples import AUXILIARY, SampleList, Splits
from ferray.errors import DataError
from ferray.testing.fake_data import write_fer2013_folders, write_image_folder, write_sfew2
from ferray.testing.fake_sets import write_ck48

BOTH = [{"fer2013": {}}, {"sfew": {}}]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    write_fer2013_folders(folder, per_class=2)
    write_ck48(folder, per_class=2)
    return write_sfew2(folder, per_class=2)


def splits(dataset: Any, root: Path) -> Splits:
    choice = DatasetChoice.model_validate(dataset)
    return open_splits(choice, size=16, limit_per_class=None, data_root=root, cache_dir=root / "cache")


def listing(root: Path, of: list[Any], **params: Any) -> SampleList:
    return Mix(Mix.Params.model_validate({"of": of, **params}), root).samples()


def problem(of: list[Any], **params: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        DatasetChoice.model_validate({"mix": {"of": of, **params}})
    return str(caught.value)


def test_a_list_stands_for_the_data_sets_of_the_mix() -> None:
    short, long = (DatasetChoice.model_validate({"mix": value}) for value in (BOTH, {"of": BOTH}))
    assert short.canonical() == long.canonical()


def test_a_mix_survives_json() -> None:
    choice = DatasetChoice.model_validate({"mix": [{"fer2013": {}}, {"sfew": {"split": "halves"}}]})
    assert DatasetChoice.model_validate(choice.model_dump(mode="json")).canonical() == choice.canonical()
    assert choice.build_params().split == "halves"


def test_validation_and_test_are_those_of_the_one_set_alone(root: Path) -> None:
    mixed = splits({"mix": [{"fer2013": {}}, {"sfew": {"split": "halves"}}]}, root)
    alone = splits({"sfew": {"split": "halves"}}, root)
    assert mixed.val.sample_ids.tolist() == alone.val.sample_ids.tolist()
    assert mixed.test.sample_ids.tolist() == alone.test.sample_ids.tolist()
    assert mixed.test.class_counts() == alone.test.class_counts()


def test_training_is_the_one_sets_and_the_training_part_of_the_others(root: Path) -> None:
    mixed, alone, other = (splits(dataset, root) for dataset in ({"mix": BOTH}, "sfew", "fer2013"))
    official = {sample.sample_id for sample in listing(root, BOTH).samples if sample.part == AUXILIARY}
    assert len(mixed.train) == len(alone.train) + len(official) == 14 + 14
    assert set(mixed.train.sample_ids.tolist()) > set(alone.train.sample_ids.tolist())
    assert official >= set(other.train.sample_ids.tolist())


def test_all_of_the_others_may_be_trained_on(root: Path) -> None:
    assert len(splits({"mix": {"of": BOTH, "parts": "all"}}, root).train) == 14 + 42


def test_another_than_the_last_may_be_validated_on(root: Path) -> None:
    mixed = splits({"mix": {"of": BOTH, "validate_on": "fer2013"}}, root)
    assert mixed.val.sample_ids.tolist() == splits("fer2013", root).val.sample_ids.tolist()


def test_pixels_are_those_of_each_set(root: Path) -> None:
    mixed, alone = splits({"mix": BOTH}, root), splits("sfew", root)
    assert np.array_equal(mixed.val.picture(3), alone.val.picture(3))


def test_folds_are_of_the_one_set_and_the_others_train_in_each(root: Path) -> None:
    for fold in (0, 1):
        mixed = splits({"mix": {"of": BOTH, "split": "kfold", "folds": 2, "fold": fold}}, root)
        alone = splits({"sfew": {"split": "kfold", "folds": 2, "fold": fold}}, root)
        assert mixed.val.sample_ids.tolist() == alone.val.sample_ids.tolist()
        assert len(mixed.train) == len(alone.train) + 14


def test_groups_are_asked_of_the_one_set_alone(root: Path) -> None:
    mixed = splits({"mix": {"of": BOTH, "split": "kfold_by_group", "folds": 2}}, root)
    assert len(mixed.train) + len(mixed.val) == 28 + 14


def test_a_group_that_is_held_out_is_not_trained_on_from_another_set(root: Path) -> None:
    twice = [{"sfew": {}}, {"sfew": {}}]
    mixed = splits({"mix": {"of": twice, "split": "kfold_by_group", "folds": 2}}, root)
    group_of = {sample.sample_id: sample.group for sample in listing(root, twice).samples}
    held_out = {group_of[number] for number in mixed.val.sample_ids.tolist()}
    assert not held_out & {group_of[number] for number in mixed.train.sample_ids.tolist()}


def test_images_of_no_class_of_the_one_set_are_left_out_and_counted(root: Path) -> None:
    found = listing(root, [{"fer2013": {}}, {"ckplus": {}}])
    assert found.classes == ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise")
    assert Counter(sample.part for sample in found.samples)[AUXILIARY] == 12
    assert any(told == "fer2013: left out 2 under `Neutral`, of no class of the set that is validated on"
               for told in found.account.remarks)  # fmt: skip


def test_classes_are_matched_by_what_they_mean(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "mine", classes=("anger", "joy"))
    write_fer2013_folders(tmp_path, per_class=1)
    found = listing(tmp_path, [{"fer2013": {}}, {"image_folder": {"path": "mine"}}])
    labels = {(sample.name.split("/")[2], sample.label) for sample in found.samples if sample.part == AUXILIARY}
    assert labels == {("angry", 0), ("happy", 1)}


def test_two_equal_sets_have_ids_and_names_of_their_own(root: Path) -> None:
    samples = listing(root, [{"sfew": {}}, {"sfew": {}}], parts="all").samples
    assert len({sample.sample_id for sample in samples}) == len({sample.name for sample in samples}) == len(samples)


def test_the_line_names_the_sets_that_train(root: Path) -> None:
    mixed = splits({"mix": BOTH}, root)
    assert mixed.sources is not None
    assert mixed.sources.train.format(train="A", auxiliary="B") == "A, and B"
    assert listing(root, BOTH).account.origins[AUXILIARY] == "the training part of `fer2013`"


def test_a_set_without_a_class_of_the_one_is_refused(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "mine", classes=("tall", "short"))
    with pytest.raises(DataError, match="`demo` has no picture to train on of `short`, `tall`"):
        listing(tmp_path, [{"demo": {"num_train": 10}}, {"image_folder": {"path": "mine"}}])


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dataset `fer2013` is not under"):
        listing(tmp_path, [{"fer2013": {}}, {"demo": {"num_train": 10}}])


def test_a_changed_file_of_any_set_is_another_mix(tmp_path: Path) -> None:
    write_fer2013_folders(tmp_path, per_class=1)
    params = Mix.Params.model_validate({"of": [{"fer2013": {}}, {"demo": {"num_train": 10}}]})
    before = Mix(params, tmp_path).fingerprint()
    next((tmp_path / "fer2013").rglob("*.png")).unlink()
    assert Mix(params, tmp_path).fingerprint() != before


@pytest.mark.parametrize(
    ("of", "params", "told"),
    [
        ([{"fer2013": {}}], {}, "names 1 data set, a mix has 2 to 20"),
        ([{"fer2013": {"split": "kfold"}}, {"sfew": {}}], {}, "`split` of `fer2013` says nothing in a mix"),
        ([{"fer2013": {}}, {"sfew": {"split": "halves"}}], {"split": "kfold"}, "with two values: leave one out"),
        ([], {}, "names 0 data sets, a mix has 2 to 20"),
        (BOTH, {"validate_on": "demo"}, "`demo` is not one of `fer2013`, `sfew`"),
        ([{"mix": BOTH}, {"sfew": {}}], {}, "a mix holds no mix"),
        ([{"sfew_features": {}}, {"sfew": {}}], {}, "`sfew_features` has rows of numbers"),
        ([{"fer2014": {}}, {"sfew": {}}], {}, "did you mean `fer2013`?"),
        ([{"fer2013": {"colour": 1}}, {"sfew": {}}], {}, "colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_mixed_is_refused_by_name(of: list[Any], params: dict[str, Any], told: str) -> None:
    assert told in problem(of, **params)


def test_a_mix_is_opened_as_any_set(root: Path) -> None:
    choice = DatasetChoice.model_validate({"mix": BOTH})
    assert len(open_dataset(choice, root, root / "cache").listing) == 28 + 14


def test_votes_are_shares_of_the_classes_that_there_are(root: Path) -> None:
    mix = Mix(Mix.Params.model_validate({"of": [{"fer2013": {}}, {"ckplus": {}}]}), root)
    first = mix.inner[0].listing
    # Neutral, of which ckplus has no class, has a quarter of the votes for a face that is Happy.
    voted = replace(first.samples[0], label=3, part="train", votes=(0, 0, 0, 0.5, 0.25, 0.25, 0))
    mix.inner[0].__dict__["listing"] = replace(first, samples=(voted,), contents=first.contents[:1])
    (sample,) = (sample for sample in mix.samples().samples if sample.part == AUXILIARY)
    assert sample.votes == pytest.approx((0, 0, 0, 2 / 3, 1 / 3, 0))
