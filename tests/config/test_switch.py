from __future__ import annotations

import pytest

from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.testing.trials import demo_config

SWITCHES = ("clip", "early_stopping", "ema", "mixup", "random_erasing", "unfreeze")


@pytest.mark.parametrize("key", SWITCHES)
def test_true_is_on_with_its_defaults(key: str) -> None:
    assert demo_config(**{key: True}) == demo_config(**{key: {}})


@pytest.mark.parametrize("key", SWITCHES)
def test_false_is_off(key: str) -> None:
    assert demo_config(**{key: False}).recipe == demo_config().recipe


@pytest.mark.parametrize("key", SWITCHES)
def test_on_is_another_recipe_than_off(key: str) -> None:
    assert demo_config(**{key: True}).recipe != demo_config().recipe


def test_a_search_may_choose_between_on_and_off() -> None:
    spec = SweepSpec.model_validate({"name": "x", "dataset": "demo", "space": {"ema": {"choice": [True, False]}}})
    found = [spec.config(lambda *_, value=value: value) for value in (True, False)]
    assert [isinstance(config, TrialConfig) and config.ema is not None for config in found] == [True, False]


@pytest.mark.parametrize(("word", "is_on"), [("yes", True), ("On", True), ("no", False), ("off", False)])
def test_words_for_true_and_false_are_taken_as_elsewhere(word: str, is_on: bool) -> None:
    assert (demo_config(ema=word).ema is not None) == is_on


def test_another_plain_value_is_neither() -> None:
    with pytest.raises(ValueError, match="valid dictionary"):
        demo_config(ema=1)
