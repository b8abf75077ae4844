"""Lists of samples to leave out: read as people save them, and identified by what they list."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.exclusion import find_exclusion, read_exclusion
from ferray.config.load import load_space
from ferray.config.overrides import Overrides
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError

CLEANED = "rank,sample_id,name,label,suggested\n1,281474976710655,a/1.png,Happy,Sad\n2,7,b/2.png,Sad,Happy\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def suspects(tmp_path: Path) -> Path:
    return written(tmp_path / "suspects.csv", CLEANED)


def test_ids_come_before_names(suspects: Path) -> None:
    found = read_exclusion(suspects)
    assert (found.ids, found.names) == ({281474976710655, 7}, frozenset())


def test_names_alone_do(tmp_path: Path) -> None:
    found = read_exclusion(written(tmp_path / "names.csv", "name\na/1.png\nb/2.png\n"))
    assert (found.ids, found.names) == (frozenset(), {"a/1.png", "b/2.png"})


def test_a_number_that_a_spreadsheet_has_rounded_is_replaced_by_the_name(tmp_path: Path) -> None:
    found = read_exclusion(written(tmp_path / "excel.csv", "﻿Sample_ID;Name\n2.81475E+14;a/1.png\n7;b/2.png\n"))
    assert (found.ids, found.names) == ({7}, {"a/1.png"})


def test_a_list_is_the_same_in_another_order_place_and_with_other_columns(suspects: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.csv", "name,sample_id\nb/2.png,7\na/1.png,281474976710655\n\n")
    assert read_exclusion(other).digest == read_exclusion(suspects).digest


def test_a_row_less_is_another_list(suspects: Path, tmp_path: Path) -> None:
    fewer = written(tmp_path / "fewer.csv", CLEANED.rsplit("2,7", 1)[0])
    assert read_exclusion(fewer).digest != read_exclusion(suspects).digest


def test_what_is_kept_reads_back_as_the_same_list(suspects: Path, tmp_path: Path) -> None:
    found = read_exclusion(suspects)
    assert read_exclusion(written(tmp_path / "kept.csv", found.to_csv())) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has neither a column `sample_id` nor `name`"),
        ("rank,label\n1,Happy\n", "has neither a column `sample_id` nor `name`"),
        ("sample_id,name\n", "names no sample"),
        ("sample_id,name,label\n7,a,Happy\n,,Sad\n", "line 3 of"),
    ],
)
def test_what_is_no_list_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_exclusion(written(tmp_path / "list.csv", text))


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_exclusion(tmp_path / "nowhere.csv")


def test_a_list_that_was_edited_is_told_from_the_one_asked_for(suspects: Path) -> None:
    digest = read_exclusion(suspects).digest
    written(suspects, CLEANED.rsplit("2,7", 1)[0])
    with pytest.raises(ConfigError, match=f"lists other samples than when it was given: .*`{digest}` is asked for"):
        find_exclusion(digest, suspects)


@pytest.mark.parametrize("how", ["option", "set"])
def test_a_list_becomes_its_digest_and_the_path_stays_out_of_what_a_sweep_is(suspects: Path, how: str) -> None:
    asked = Overrides(exclude=str(suspects)) if how == "option" else Overrides(sets=[f"exclude={suspects}"])
    spec, _ = load_space("demo", asked)
    digest = read_exclusion(suspects).digest
    assert (spec.base["exclude"], spec.lists) == (digest, {digest: str(suspects)})
    assert str(suspects) not in str(spec.model_dump(mode="json"))


def test_arms_may_differ_by_their_lists(suspects: Path) -> None:
    arms = {"whole": {}, "cleaned": {"exclude": str(suspects)}}
    spec = SweepSpec.model_validate({"name": "two", "dataset": "demo", "arms": arms})
    digest = read_exclusion(suspects).digest
    assert (spec.arms["cleaned"]["exclude"], list(spec.lists)) == (digest, [digest])


def test_a_list_is_part_of_the_recipe_and_none_is_no_part_of_it() -> None:
    plain = TrialConfig.model_validate({"dataset": "demo"})
    assert plain.recipe == TrialConfig.model_validate({"dataset": "demo", "exclude": None}).recipe
    assert plain.recipe != TrialConfig.model_validate({"dataset": "demo", "exclude": "0" * 16}).recipe


def test_a_list_may_say_that_a_sample_leaves_every_split(tmp_path: Path) -> None:
    found = read_exclusion(written(tmp_path / "clean.csv", "sample_id,name,splits\n7,a,all\n8,b,train\n9,c,\n"))
    assert [found.lists(number, "", split="test") for number in (7, 8, 9)] == [True, False, False]
    assert [found.lists(number, "", split="train") for number in (7, 8, 9)] == [True, True, True]


def test_what_leaves_every_split_makes_it_another_list(tmp_path: Path) -> None:
    train = read_exclusion(written(tmp_path / "train.csv", "sample_id\n7\n"))
    everywhere = read_exclusion(written(tmp_path / "all.csv", "sample_id,splits\n7,all\n"))
    assert train.digest != everywhere.digest


def test_such_a_list_is_written_as_it_was_read(tmp_path: Path) -> None:
    found = read_exclusion(written(tmp_path / "clean.csv", "sample_id,name,splits\n7,a,all\n8,b,train\n,c,all\n"))
    assert read_exclusion(written(tmp_path / "kept.csv", found.to_csv())) == found


def test_any_other_word_under_splits_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "clean.csv", "sample_id,splits\n7,test\n")
    with pytest.raises(ConfigError, match=r"line 2 of .* has `test` under `splits`"):
        read_exclusion(path)
