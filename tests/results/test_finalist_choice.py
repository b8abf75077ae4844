from __future__ import annotations

from dataclasses import replace

import pytest

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.results.finalist_choice import (
    Arm,
    choose_baseline,
    choose_finalists,
    fixed_stages_remark,
    fresh_seed,
    seeds_of_search,
)
from ferray.study.records import SweepRecord
from ferray.testing.fake_arms import arms_record, arms_spec

RECORD = arms_record(arms_spec(), {"plain": (60, 90), "cleaned": (70, 80)})  # trials 0, 1 and 2, 3
ELSEWHERE = TrialConfig.model_validate({"dataset": "demo", "epochs": 4})


def nowhere(said: str) -> TrialConfig:
    raise ConfigError(f"there is no search space `{said}`", "known names: demo")


def test_each_recipe_is_one_finalist_by_its_best_trial() -> None:
    assert [(arm.name, arm.trial, arm.validation) for arm in choose_finalists(RECORD, 3)] == [
        ("trial-1", 1, 0.9),
        ("trial-3", 3, 0.8),
    ]


def test_the_best_come_first_and_no_more_than_asked() -> None:
    assert [arm.name for arm in choose_finalists(RECORD, 1)] == ["trial-1"]


def test_a_finalist_has_the_recipe_of_its_trial() -> None:
    assert choose_finalists(RECORD, 1)[0].recipe == RECORD.trials[1].recipe


def test_a_search_without_a_complete_trial_has_no_finalist() -> None:
    with pytest.raises(ConfigError, match="no trial of `two` is complete"):
        choose_finalists(SweepRecord("two", "val/uar", "max", ()), 3)


def test_a_baseline_is_found_by_its_recipe() -> None:
    arm = choose_baseline(RECORD, RECORD.trials[0].recipe, nowhere)
    assert (arm.name, arm.trial, arm.recipe) == ("baseline", 1, RECORD.trials[0].recipe)


def test_a_baseline_is_found_by_its_number() -> None:
    assert choose_baseline(RECORD, "2", nowhere).trial == 2


def test_a_baseline_from_elsewhere_is_no_trial_of_the_search() -> None:
    arm = choose_baseline(RECORD, "demo", lambda _: ELSEWHERE)
    assert (arm.trial, arm.validation, arm.recipe) == (None, None, ELSEWHERE.recipe)


def test_a_baseline_that_is_nowhere_is_named() -> None:
    with pytest.raises(
        ConfigError, match="`--baseline nix` is no recipe and no trial of `two`, and no search space"
    ) as caught:
        choose_baseline(RECORD, "nix", nowhere)
    assert caught.value.hint.startswith("a trial by its number (`--baseline 0`), a recipe")


def test_a_recipe_with_a_slip_is_offered_rightly() -> None:
    recipe = RECORD.trials[0].recipe
    with pytest.raises(ConfigError) as caught:
        choose_baseline(RECORD, recipe[:-1] + "x", nowhere)
    assert recipe in caught.value.hint


def test_an_arm_is_read_as_it_was_written() -> None:
    arm = choose_finalists(RECORD, 1)[0]
    assert Arm.from_json(arm.to_json()) == arm


def test_fresh_seeds_begin_at_a_thousand() -> None:
    assert fresh_seed([RECORD]) == 1000


def test_fresh_seeds_pass_over_a_thousand_of_which_one_was_used() -> None:
    trials = tuple(replace(trial, params={"seed": 1000 + 1700 * trial.number}) for trial in RECORD.trials[:2])
    assert fresh_seed([replace(RECORD, trials=trials)]) == 3000  # 1000 and 2700 were used


def test_the_seeds_of_a_recipe_are_those_of_its_trials() -> None:
    assert seeds_of_search(RECORD, choose_finalists(RECORD, 1)) == {0, 1}


def staged_arm(name: str, first: dict[str, object]) -> Arm:
    config = TrialConfig.model_validate({"dataset": "demo", "stages": [first, {}]})
    return Arm(name, config.recipe, config.to_json())


def test_an_earlier_stage_that_fresh_seeds_leave_as_it_is_is_told() -> None:
    arms = [staged_arm("trial-1", {"epochs": 2, "seed": 0}), staged_arm("trial-2", {"epochs": 2})]
    assert fixed_stages_remark(arms).startswith("an earlier stage of trial-1 has a `seed` of its own")


def test_nothing_is_told_of_stages_that_have_the_seed_of_their_trial() -> None:
    assert fixed_stages_remark([staged_arm("trial-2", {"epochs": 2}), *choose_finalists(RECORD, 2)]) == ""
