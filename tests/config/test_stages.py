"""The key `stages`: what a stage inherits, what is refused, and what the identity of a staged trial is made of."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ferray.config.corners import corner_problems
from ferray.config.space import unknown_key
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.config.wording import problem_lines

OTHER = {"dataset": {"demo": {"seed": 7}}}  # other faces than those of `demo`


def staged(*stages: dict[str, Any], **trial: Any) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "demo", "stages": list(stages), **trial})


def problems(*stages: Any, **trial: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        staged(*stages, **trial)
    return problem_lines(caught.value, known=TrialConfig.model_fields)


def test_the_last_stage_is_the_trial() -> None:
    config = staged({"epochs": 3}, {"epochs": 5, "finetune": "head"})
    assert (config.epochs, config.finetune) == (5, "head")


def test_an_earlier_stage_does_not_have_the_keys_of_the_last() -> None:
    before = staged({**OTHER}, {"epochs": 5, "optimizer": {"lr": 1e-5}}, epochs=9).earlier_stages[0]
    assert (before.epochs, before.optimizer.lr) == (9, 1e-3)


def test_a_group_of_a_stage_is_laid_over_key_by_key() -> None:
    before = staged({"optimizer": {"lr": 0.1}}, {}, optimizer={"name": "sgd", "lr": 0.2}).earlier_stages[0]
    assert (before.optimizer.name, before.optimizer.lr) == ("sgd", 0.1)


def test_a_dotted_key_of_a_stage_goes_over_the_group_beside_it() -> None:
    before = staged({"optimizer": {"lr": 0.1, "momentum": 0.5}, "optimizer.lr": 0.3}, {}).earlier_stages[0]
    assert (before.optimizer.lr, before.optimizer.momentum) == (0.3, 0.5)


def test_what_is_resolved_resolves_to_itself() -> None:
    config = staged({**OTHER, "epochs": 3}, {"head.dropout": 0.5}, {"epochs": 5, "optimizer.lr": 1e-4})
    assert TrialConfig.model_validate(config.to_json()) == config


def test_stages_of_a_stage_are_those_before_it() -> None:
    first, second = staged({"epochs": 1}, {"epochs": 2, "batch_size": 8}, {"epochs": 3}).earlier_stages
    assert (first.epochs, first.batch_size, second.epochs, second.batch_size) == (1, 32, 2, 8)


def test_a_stage_that_is_a_first_one_alone_has_the_recipe_of_a_plain_trial() -> None:
    before = staged({**OTHER, "epochs": 3}, {"epochs": 5}).earlier_stages[0]
    assert before.recipe == TrialConfig.model_validate({**OTHER, "epochs": 3}).recipe


def test_trials_that_differ_in_their_last_stage_alone_share_the_one_before() -> None:
    first, second = (staged({**OTHER}, {"optimizer.lr": lr}) for lr in (1e-3, 1e-4))
    assert first.recipe != second.recipe
    assert first.earlier_stages[0].recipe == second.earlier_stages[0].recipe


def test_trials_that_differ_in_an_earlier_stage_have_other_recipes() -> None:
    assert staged({"epochs": 3}, {}).recipe != staged({"epochs": 4}, {}).recipe


def test_an_earlier_stage_has_the_seed_of_its_trial() -> None:
    config = staged({**OTHER}, {}, seed=5)
    assert config.earlier_stages[0].seed == 5
    assert config.recipe == staged({**OTHER}, {}).recipe


def test_a_seed_that_a_stage_is_given_is_its_own_whatever_the_trial_has() -> None:
    config = staged({**OTHER, "seed": 0}, {}).model_copy(update={"seed": 3})
    assert config.earlier_stages[0].seed == 0


def test_a_trial_without_stages_has_the_recipe_it_had_before_there_were_any() -> None:
    assert "stages" not in TrialConfig.model_validate({"dataset": "demo"}).canonical()


def test_the_first_stage_begins_with_what_the_trial_begins_with() -> None:
    assert staged({**OTHER}, {}, init_from="other:best").earlier_stages[0].init_from == "other:best"


def test_a_list_of_samples_stays_with_the_data_set_that_it_is_of() -> None:
    digest = "0" * 16
    assert staged({**OTHER}, {}, exclude=digest).earlier_stages[0].exclude is None
    assert staged({"epochs": 1}, {}, exclude=digest).earlier_stages[0].exclude == digest


def test_a_stage_on_the_trials_own_data_trains_on_the_part_of_the_fold() -> None:
    config = staged({"dataset": "demo", "epochs": 1}, {}, folds={"k": 3}).in_fold(2)
    assert config.earlier_stages[0].dataset == config.dataset
    assert config.dataset.params["fold"] == 2


@pytest.mark.parametrize(
    ("stages", "line"),
    [
        ([{}], "stages: has `1` entries, allowed are 2 to 10"),
        ([{"epochs": 0}, {}], "stages.0.epochs: is `0`, allowed is at least `1`"),
        ([{"epoch": 3}, {}], "stages.0.epoch: is not a known key; did you mean `epochs`?"),
        (
            [{"backbone": "lenet"}, {}],
            "stages.0.backbone: one network goes through all stages; write it beside `stages`",
        ),
        ([{}, {"seed": 3}], "stages.1.seed: the last stage has the trial's `seed`; write it beside `stages`"),
        ([{}, {"epochs": 0}], "epochs: is `0`, allowed is at least `1`"),
        (
            [{}, {"dataset": "sfew"}],
            "stages.1.dataset: is not the `dataset` of the trial, `demo`, by which its last stage is judged",
        ),
        (
            [{"dataset": {"demo": {"split": "random"}}}, {}],
            "stages.0.dataset: is split otherwise than the trial's, so that it may be trained on images by which the "
            "trial is judged; split both alike",
        ),
    ],
)
def test_what_no_stage_can_be_is_refused_by_its_number(stages: list[dict[str, Any]], line: str) -> None:
    assert problems(*stages) == [line]


def test_stages_that_are_no_list_are_refused() -> None:
    with pytest.raises(ValidationError):
        TrialConfig.model_validate({"dataset": "demo", "stages": {"epochs": 3}})


def test_the_data_set_of_the_last_stage_is_the_trials_where_that_names_none() -> None:
    config = TrialConfig.model_validate({"stages": [{"dataset": "fer2013"}, {"dataset": "demo"}]})
    assert (config.dataset.name, config.earlier_stages[0].dataset.name) == ("demo", "fer2013")


def space(**changes: Any) -> SweepSpec:
    base = {"stages": [{**OTHER, "epochs": 2}, {"epochs": 3}]}
    return SweepSpec.model_validate({"name": "staged", "dataset": "demo", "base": base, **changes})


def test_keys_of_a_stage_are_searched_by_its_number() -> None:
    spec = space(space={"stages.0.optimizer.lr": {"uniform": [0.1, 0.2]}})
    config = spec.config(lambda *_: 0.15)
    assert config.earlier_stages[0].optimizer.lr == 0.15
    assert config.optimizer.lr == 1e-3


def test_a_component_of_a_stage_is_searched_with_its_parameters() -> None:
    node = {"one_of": ["none", {"focal": {"gamma": {"uniform": [1.0, 2.0]}}}]}
    spec = space(space={"stages.1.imbalance": node})
    picked = {"stages.1.imbalance": "focal", "stages.1.imbalance.focal.gamma": 1.5}
    config = spec.config(lambda name, _: picked[name])
    assert config.imbalance.params["gamma"] == 1.5
    assert config.earlier_stages[0].imbalance.name == "none"


def test_a_corner_of_a_stage_that_cannot_be_is_said() -> None:
    spec = space(space={"stages.0.imbalance": {"one_of": ["none", {"focal": {"gamma": {"choice": [0.5, 99]}}}]}})
    assert corner_problems(spec) == ["space.stages.0.imbalance.focal.gamma: reaches `99`, allowed is at most `5`"]


def test_a_stage_that_the_trial_does_not_have_is_said() -> None:
    spec = space(space={"stages.2.epochs": {"int_uniform": [1, 2]}})
    assert corner_problems(spec) == [
        "space.stages.2.epochs: speaks of stage 2, and the trial has 2 stages, counted from 0"
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("stages.0.epochs", ""),
        ("stages.0.epoch", "`epoch` is not a key of a trial; did you mean `epochs`?"),
        ("stages.first.epochs", "`stages.first.epochs` names no key of a stage; the learning rate of the first one is"),
        ("stages.0.folds", "folds are those of the whole trial; write `folds` beside `stages`"),
    ],
)
def test_a_key_of_a_stage_is_checked_as_one_of_a_trial(key: str, said: str) -> None:
    assert unknown_key(key).startswith(said)
    assert bool(unknown_key(key)) == bool(said)


def test_a_key_in_base_and_in_the_space_is_given_once() -> None:
    with pytest.raises(ValidationError, match=r"stages\.0\.epochs: stands in `base` and in `space`"):
        space(space={"stages.0.epochs": {"int_uniform": [1, 2]}})


def test_an_arm_with_stages_stands_beside_one_without() -> None:
    spec = SweepSpec.model_validate(
        {"name": "arms", "dataset": "demo", "arms": {"one": {}, "two": {"stages": [{**OTHER}, {}]}}}
    )
    assert [spec.config(lambda *_, arm=arm: arm).num_stages for arm in ("one", "two")] == [1, 2]
