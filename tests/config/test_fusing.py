"""Which sweeps have several trials a worker, since they train as one there."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.fusing import (
    AHEAD,
    apart_warning,
    features_key,
    fuses,
    learns,
    room_ahead,
    together_line,
    trials_together,
)
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


def test_what_is_counted_out_leaves_nothing_to_learn() -> None:
    grid = small_spec(budget={"trials": 64}, sampler="tpe", space={"image_size": {"grid": [32, 48]}}, seeds=4)
    assert not learns(grid)
    assert trials_together([config()], CPU, grid, slots=2) == 16


def test_what_is_searched_beside_a_grid_is_learnt() -> None:
    space = {"image_size": {"grid": [32, 48]}, "optimizer.lr": {"log_uniform": [1e-4, 1e-2]}}
    assert learns(small_spec(sampler="tpe", space=space))


@pytest.mark.parametrize(("asked", "room"), [(0, 48), (40, 8), (48, 0), (200, 0)])
def test_random_trials_that_a_sampler_begins_with_are_all_that_it_is_asked_ahead(asked: int, room: int) -> None:
    begins = small_spec(sampler={"tpe": {"startup_trials": 48}})
    assert room_ahead(begins, asked=asked, in_flight=7) == room


def test_sampler_that_does_not_learn_is_asked_for_some_bundles_ahead() -> None:
    assert room_ahead(sweep(1000, "random"), asked=500, in_flight=20) == AHEAD - 20


@pytest.mark.parametrize(
    ("sampler", "together", "said"),
    [
        ("random", 16, "16 trials share a worker: heads on the same features train as one"),
        ("tpe", 16, "16 trials share a worker: heads on the same features train as one"),
        ("tpe", 1, ""),
    ],
)
def test_why_so_many_trials_share_a_worker_is_said(sampler: str, together: int, said: str) -> None:
    assert together_line([config()], CPU, sweep(64, sampler), together=together) == said


def test_why_no_more_share_a_worker_is_said() -> None:
    said = together_line([config()], CPU, sweep(64, "tpe"), together=4)
    assert said.endswith("train as one; no more, so that `tpe` learns between them")


def test_trials_that_only_take_turns_are_not_said_to_train_as_one() -> None:
    given = Runtime(device="cpu", trials_per_worker=3)
    said = "3 trials share a worker, as asked: they take turns"
    assert together_line([config(finetune="all")], given, sweep(64, "tpe"), together=3) == said


def test_number_that_was_given_stays() -> None:
    given = Runtime(device="cpu", trials_per_worker=3)
    assert trials_together([config()], given, sweep(256, "tpe"), slots=2) == 3


def test_one_trial_that_does_not_fuse_leaves_each_a_worker() -> None:
    both = [config(), config(optimizer={"name": "lion"})]
    assert trials_together(both, CPU, sweep(256, "tpe"), slots=2) == 1


def test_trials_on_the_same_features_have_one_key() -> None:
    one, other = config(head={"linear": {"dropout": 0.1}}), config(head={"linear": {"dropout": 0.5}}, seed=3)
    assert features_key(one) == features_key(other) != features_key(config(image_size=64))
