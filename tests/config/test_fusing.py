"""Which sweeps have several trials a worker, since they train as one there."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.fusing import apart_warning, features_key, fuses, trials_together
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.testing.curves import small_spec

HEAD = {"dataset": "demo", "finetune": "head", "augment": "none", "head": "linear"}
CPU = Runtime(device="cpu")


def config(**changes: Any) -> TrialConfig:
    return TrialConfig.model_validate({**HEAD, **changes})


def sweep(trials: int, sampler: str) -> SweepSpec:
    return small_spec(budget={"trials": trials}, sampler=sampler)


def test_linear_heads_on_kept_features_fuse() -> None:
    assert fuses(config(), CPU)


@pytest.mark.parametrize(
    "changes",
    [{"finetune": "all"}, {"augment": "light"}, {"head": "selu_mlp"}, {"optimizer": {"name": "lion"}}, {"ema": True}],
)
def test_what_trains_one_by_one_does_not(changes: dict[str, Any]) -> None:
    assert not fuses(config(**changes), CPU)


def test_what_keeps_heads_from_training_as_one_is_named() -> None:
    heads = [config(optimizer={"name": name}, clip=True) for name in ("lion", "adamw")]
    said = "each head trains by itself: all could train as one, but for `optimizer: lion`, `clip`"
    assert apart_warning(heads, CPU) == said


@pytest.mark.parametrize(
    ("changes", "place"),
    [({}, CPU), ({"finetune": "all", "clip": True}, CPU), ({"clip": True}, Runtime(device="cpu", trials_per_worker=3))],
)
def test_nothing_is_said_of_other_sweeps(changes: dict[str, Any], place: Runtime) -> None:
    assert not apart_warning([config(**changes)], place)


def test_hidden_layers_fuse_where_there_may_be_a_gpu() -> None:
    assert fuses(config(head="selu_mlp"), Runtime())


@pytest.mark.parametrize(
    ("trials", "sampler", "together"),
    [(256, "tpe", 16), (64, "tpe", 4), (12, "tpe", 1), (64, "random", 16), (12, "random", 6)],
)
def test_bundles_leave_a_sampler_rounds_to_learn_in(trials: int, sampler: str, together: int) -> None:
    assert trials_together([config()], CPU, sweep(trials, sampler), slots=2) == together


def test_number_that_was_given_stays() -> None:
    given = Runtime(device="cpu", trials_per_worker=3)
    assert trials_together([config()], given, sweep(256, "tpe"), slots=2) == 3


def test_one_trial_that_does_not_fuse_leaves_each_a_worker() -> None:
    both = [config(), config(optimizer={"name": "lion"})]
    assert trials_together(both, CPU, sweep(256, "tpe"), slots=2) == 1


def test_trials_on_the_same_features_have_one_key() -> None:
    one, other = config(head={"linear": {"dropout": 0.1}}), config(head={"linear": {"dropout": 0.5}}, seed=3)
    assert features_key(one) == features_key(other) != features_key(config(image_size=64))
