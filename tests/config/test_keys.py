"""The reference of keys is read from the code, and the page in docs/ is what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.holders import CHOICES
from ferray.config.keys import all_keys, keys_of, keys_page, keys_under
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.crops.cutting import CropSettings
from ferray.errors import ConfigError
from ferray.registry import ROOMS

RULES = ("aum", "bdr", "gmm_loss", "self_cure", "trimmed_loss")  # that begin at an epoch
PAGE = Path(__file__).resolve().parents[2] / "docs" / "keys.md"
KEYS = list(all_keys())
BY_NAME = {key.name: key for key in KEYS}


def test_the_page_is_what_the_code_says() -> None:
    hint = "`ferray show keys --markdown > docs/keys.md` writes it anew"
    assert PAGE.read_text(encoding="utf-8") == keys_page(KEYS), hint


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_key_says_in_a_sentence_what_it_is(key: object) -> None:
    summary = getattr(key, "summary")  # noqa: B009 (ids are made of it, and pytest has no type for it)
    assert 5 < len(summary) < 120
    assert summary.endswith(".")


def test_no_key_is_listed_twice_under_one_section() -> None:
    assert len({(key.section, key.name) for key in KEYS}) == len(KEYS)


def test_every_field_of_a_space_and_a_trial_is_listed() -> None:
    assert {*SweepSpec.model_fields, *TrialConfig.model_fields} <= set(BY_NAME)


@pytest.mark.parametrize("field", CHOICES)
def test_every_parameter_of_a_room_is_listed(field: str) -> None:
    room = ROOMS[CHOICES[field].ROOM]
    parameters = {(name, key) for name in room.names() for key in room.params(name).model_fields}
    listed = {(name, key) for name, key in parameters if {f"{field}.{name}.{key}", f"{field}.{key}"} & set(BY_NAME)}
    assert listed == parameters


@pytest.mark.parametrize("name", ROOMS["faces"].names())
def test_every_parameter_of_a_face_finder_says_what_it_is(name: str) -> None:
    assert all(key.summary for key in keys_of(ROOMS["faces"].params(name), name))


def test_every_setting_of_a_crop_says_what_it_is() -> None:
    assert all(key.summary for key in keys_of(CropSettings, "crop"))


@pytest.mark.parametrize(
    ("name", "default", "values"),
    [
        ("optimizer.lr", "0.001", "number (above 0, at most 10)"),
        ("epochs", "20", "whole number (1 to 10000)"),
        ("finetune", "all", "`all`, `head` or whole number (1 to 100)"),
        ("image_size", "null", "whole number (16 to 1024) or null"),
        ("pixels.grey", "false", "true or false"),
        ("objective.epoch", "best", "`best`, `last`"),
        ("folds", "null", "keys"),
        ("folds.k", "5", "whole number (2 to 50)"),
        ("head", "linear", "`bn_mlp`, `linear`, `selu_mlp`"),
        ("imbalance.focal.gamma", "2.0", "number (0 to 5)"),
        ("estimator.svm.gamma", "scale", "number (above 0, at most 10000) or `scale`"),
        ("dataset", "", ", ".join(f"`{name}`" for name in ROOMS["dataset"].names())),
        ("dataset.split_seed", "0", "whole number (0 to 2147483647)"),
        ("published.folds", "[]", "list of numbers"),
    ],
)
def test_a_key_has_its_default_and_its_values(name: str, default: str, values: str) -> None:
    assert (BY_NAME[name].default, BY_NAME[name].values) == (default, values)


@pytest.mark.parametrize(
    ("start", "names"),
    [
        ("lr", ["optimizer.lr"]),
        ("learning_rate", ["optimizer.lr"]),
        ("objective", ["objective", "objective.metric", "objective.mode", "objective.epoch"]),
        ("focal", ["imbalance.focal.gamma", "imbalance.focal.alpha"]),
        ("gamma", ["schedule.gamma", "estimator.svm.gamma", "imbalance.focal.gamma"]),
        ("LR", ["optimizer.lr"]),
        ("imbalance.focal", ["imbalance.focal.gamma", "imbalance.focal.alpha"]),
        ("head.dropout", ["head.bn_mlp.dropout", "head.linear.dropout", "head.selu_mlp.dropout"]),
        ("start_epoch", [f"outliers.{name}.start_epoch" for name in RULES]),
    ],
)
def test_a_part_of_them_can_be_asked_for(start: str, names: list[str]) -> None:
    assert [key.name for key in keys_under(start)] == names


def test_a_key_that_there_is_not_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no key `optimzer`\nhint: did you mean `optimizer`"):
        keys_under("optimzer")


@pytest.mark.parametrize(
    ("typed", "key"), [("optimizer.lrr", "optimizer.lr"), ("imbalance.focl.gama", "imbalance.focal.gamma")]
)
def test_a_slip_below_a_key_is_answered_with_the_whole_one(typed: str, key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        keys_under(typed)
    assert raised.value.hint == f"did you mean `{key}`?"
