"""Groups of any set of folders: by its names, by a pattern, by a csv; and what is said where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ferray.config.trial import DatasetChoice, TrialConfig
from ferray.data.datasets import DatasetParams
from ferray.data.pack import ensure_data, open_splits
from ferray.data.samples import PackedSamples
from ferray.data.summary import summarise
from ferray.errors import ConfigError, DataError
from ferray.testing.fake_data import fake_image, write_image_folder, write_png

PEOPLE = ("anna", "bert", "cleo", "dora")
BY_GROUP = {"split": "kfold_by_group", "folds": 2}


def write_named(root: Path, name: str, *, per_person: int = 2) -> Path:
    """Two classes of four people; `name` has places for the person, their number and that of the image."""
    for label, class_name in enumerate(("calm", "glad")):
        for person, called in enumerate(PEOPLE):
            for number in range(per_person):
                file = name.format(person=called, p=person, n=number + 10 * label)
                write_png(root / class_name / file, fake_image(label, 100 * person + number))
    return root


def choice(**params: Any) -> DatasetChoice:
    return DatasetChoice.model_validate({"image_folder": {**BY_GROUP, **params}})


def sides(root: Path, cache: Path, **params: Any) -> tuple[PackedSamples, PackedSamples]:
    splits = open_splits(choice(**params), size=8, limit_per_class=None, data_root=root, cache_dir=cache)
    return splits.train, splits.val


def people(samples: PackedSamples) -> set[str]:
    return {person for name in samples.names for person in PEOPLE if person in name}


def refused(root: Path, **params: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        ensure_data(choice(**params), root, root / "cache")
    return caught.value


@pytest.mark.parametrize("pattern", [r"^([a-z]+)-", r"(?P<group>[a-z]+)-[0-9]+", r"(anna|bert|cleo|dora)"])
def test_a_pattern_in_file_names_keeps_people_together(tmp_path: Path, pattern: str) -> None:
    root = write_named(tmp_path / "data", "{person}-{n}.png")
    train, val = sides(root, tmp_path, group_pattern=pattern)
    assert people(train) | people(val) == set(PEOPLE)
    assert not people(train) & people(val)


@pytest.mark.parametrize("column", ["calm/{}-{}.png", "{}-{}.png", ".\\calm\\{}-{}.png"])
def test_a_csv_keeps_people_together(tmp_path: Path, column: str) -> None:
    root = write_named(tmp_path / "data", "{person}-{n}.png")
    rows = [
        f"{column.format(person, n + 10 * label).replace('calm', ('calm', 'glad')[label])},{person}"
        for person in PEOPLE
        for label in (0, 1)
        for n in (0, 1)
    ]
    (root / "who.csv").write_text(
        "\n".join(["Group,note,File", *(f"{r.split(',')[1]},,{r.split(',')[0]}" for r in rows)])
    )
    train, val = sides(root, tmp_path, groups="who.csv")
    assert people(train) | people(val) == set(PEOPLE)
    assert not people(train) & people(val)


def test_the_names_of_ck_plus_need_nothing_said(tmp_path: Path) -> None:
    root = write_named(tmp_path / "data", "S00{p}_001_000000{n:02d}.png")
    train, val = sides(root, tmp_path)
    assert not {name.split("/")[1][:4] for name in train.names} & {name.split("/")[1][:4] for name in val.names}


def test_another_grouping_needs_no_other_pack(tmp_path: Path) -> None:
    root = write_named(tmp_path / "data", "{person}-{n}.png")
    sides(root, tmp_path, group_pattern=r"^([a-z]+)-")
    sides(root, tmp_path, group_pattern=r"^([a-z])")
    assert len(list((tmp_path / "packs").iterdir())) == 1


def test_a_line_says_what_is_kept_together(tmp_path: Path) -> None:
    root = write_named(tmp_path / "data", "S00{p}_001_000000{n:02d}.png")
    splits = open_splits(choice(), size=8, limit_per_class=None, data_root=root, cache_dir=tmp_path)
    line = summarise(choice(), splits, limit_per_class=None, data_root=root, cache_dir=tmp_path).line()
    assert "val 8 (fold 1 of 2 by 4 people in CK+'s names)" in line


def test_images_without_a_group_are_counted_and_named(tmp_path: Path) -> None:
    error = refused(write_image_folder(tmp_path, splits=()))
    assert error.message == (
        "split `kfold_by_group` needs the group (film, person) of every image, and 12 of 12 name none: "
        "`calm/000.png`, `calm/001.png`, `calm/002.png` and 9 more"
    )
    assert "dataset.group_pattern" in error.hint
    assert "dataset.groups" in error.hint


def test_names_that_can_tell_no_group_are_not_asked_for_a_pattern(tmp_path: Path) -> None:
    error = refused(write_named(tmp_path, "train_0{p}{n:03d}_aligned.png"))
    assert error.hint.startswith("the names of RAF-DB tell no groups: list them in a csv")


def test_a_pattern_that_misses_some_is_to_be_widened(tmp_path: Path) -> None:
    root = write_named(tmp_path, "{person}-{n}.png")
    error = refused(root, group_pattern=r"^([a-c][a-z]+)-")
    assert "4 of 16 name none: `calm/dora-0.png`" in error.message
    assert error.hint.startswith("widen `^([a-c][a-z]+)-`")


def test_a_csv_that_misses_some_is_to_be_added_to(tmp_path: Path) -> None:
    root = write_named(tmp_path, "{person}-{n}.png")
    (root / "who.csv").write_text("file,group\nanna-0.png,anna\n")
    assert refused(root, groups="who.csv").hint == "add rows for them to `who.csv`"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,person\na.png,x\n", "has no column `group`"),
        ("file;group\na.png;x\n", "separates its columns by `;`"),
        ("file,group\nelse.png,x\n", "names none of the images: it has `else.png`, they are `calm/anna-0.png`"),
        ("file,group\nanna-0.png,x\nanna-0.png,y\n", "gives `anna-0.png` to two groups"),
    ],
)
def test_a_csv_that_cannot_be_is_told(tmp_path: Path, content: str, message: str) -> None:
    root = write_named(tmp_path, "{person}-{n}.png")
    (root / "who.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        ensure_data(choice(groups="who.csv"), root, root / "cache")
    assert message in caught.value.message


def test_a_csv_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"who\.csv` cannot be read"):
        ensure_data(choice(groups="who.csv"), write_image_folder(tmp_path, splits=()), tmp_path / "cache")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"group_pattern": "("}, "is no regular expression"),
        ({"group_pattern": "S[0-9]+"}, "needs one group in parentheses"),
        ({"group_pattern": "(a)(b)"}, "needs one group in parentheses"),
        ({"groups": "/etc/who.csv"}, "is not a path below the data root"),
        ({"groups": "a.csv", "group_pattern": "(a)"}, "two ways to say the same"),
    ],
)
def test_groups_that_cannot_be_asked_for_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DatasetParams(**params)


def test_groups_that_are_not_asked_for_leave_a_recipe_as_it_is() -> None:
    plain = TrialConfig.model_validate({"dataset": "sfew"})
    asked = TrialConfig.model_validate({"dataset": {"sfew": {"group_pattern": None, "groups": None}}})
    grouped = TrialConfig.model_validate({"dataset": {"sfew": {"group_pattern": "(a)"}}})
    assert plain.recipe == asked.recipe != grouped.recipe


def test_folds_by_film_go_by_the_pattern_too(tmp_path: Path) -> None:
    root = write_named(tmp_path / "data", "{person}-{n}.png")
    dataset = {"image_folder": {"group_pattern": r"^([a-z]+)-"}}
    config = TrialConfig.model_validate({"dataset": dataset, "folds": {"kind": "by_film", "k": 4}}).in_fold(3)
    splits = open_splits(config.dataset, size=8, limit_per_class=None, data_root=root, cache_dir=tmp_path)
    assert np.bincount(splits.val.labels).tolist() == [2, 2]
    assert len(people(splits.val)) == 1
