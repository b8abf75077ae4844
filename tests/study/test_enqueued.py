"""Enqueued parameters are asked first and once, through interruptions and dead drivers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest

from ferray.events import Outcome, OutcomeKind
from ferray.study.enqueued import enqueue, given_sets
from ferray.study.history import load_sweep
from ferray.study.records import GIVEN_ATTR
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.testing.curves import small_spec

SETS: list[dict[str, Any]] = [{"optimizer.lr": 1e-3}, {"optimizer.lr": 2e-3}]


def study(folder: Path) -> Study:
    folder.mkdir(exist_ok=True)
    return Study(small_spec(sampler="random", pruner="none"), open_store(folder))


def rate_of_next(study: Study) -> float:
    trial = study.ask()
    study.finish(trial.number, Outcome(OutcomeKind.FAILED))
    return float(trial.params["optimizer.lr"])


def test_enqueued_sets_are_asked_in_order_before_the_sampler(tmp_path: Path) -> None:
    first = study(tmp_path / "s")
    assert first.enqueue(SETS) == 2
    rates = [rate_of_next(first) for _ in range(3)]
    assert rates[:2] == [1e-3, 2e-3]
    assert rates[2] not in rates[:2]


def test_a_sweep_that_goes_on_asks_no_set_twice(tmp_path: Path) -> None:
    first = study(tmp_path / "s")
    first.enqueue(SETS)
    rate_of_next(first)
    first.close()
    second = study(tmp_path / "s")
    assert second.enqueue(SETS) == 0
    assert rate_of_next(second) == 2e-3
    assert second.num_finished == 2


def test_a_longer_list_adds_what_is_new(tmp_path: Path) -> None:
    first = study(tmp_path / "s")
    first.enqueue(SETS)
    assert first.enqueue([*SETS, {"optimizer.lr": 3e-3}]) == 1


def test_an_interrupted_set_is_asked_again_and_not_doubled(tmp_path: Path) -> None:
    first = study(tmp_path / "s")
    first.enqueue(SETS[:1])
    first.finish(first.ask().number, Outcome(OutcomeKind.INTERRUPTED))
    first.close()
    second = study(tmp_path / "s")
    assert second.enqueue(SETS[:1]) == 0
    assert rate_of_next(second) == 1e-3


def test_a_set_that_died_with_its_driver_before_its_trial_is_put_back(tmp_path: Path) -> None:
    plain = optuna.create_study(storage=open_store_of(tmp_path), sampler=optuna.samplers.RandomSampler(seed=0))
    enqueue(plain, SETS[:1])
    plain.tell(plain.ask(), state=optuna.trial.TrialState.FAIL)  # never became a trial of ours
    assert enqueue(plain, SETS[:1]) == 1


def test_a_set_whose_driver_died_before_its_trial_waits_on_though_nobody_gives_it_again(tmp_path: Path) -> None:
    store = open_store_of(tmp_path)
    plain = study(tmp_path)
    plain.enqueue(SETS[:1])
    plain.close()
    optuna.load_study(study_name="curves", storage=store).ask()  # never became a trial of ours
    assert rate_of_next(study(tmp_path)) == 1e-3


def open_store_of(folder: Path) -> optuna.storages.BaseStorage:
    return open_store(folder)


@pytest.mark.parametrize("count", [1, 3])
def test_equal_sets_are_asked_as_often_as_they_are_given(tmp_path: Path, count: int) -> None:
    assert study(tmp_path / "s").enqueue([{"optimizer.lr": 1e-3}] * count) == count


def many(num: int) -> list[dict[str, Any]]:
    """Sets of seven keys, more than 200 bytes each."""
    others = {f"augment.random_erasing.key_{place}": 0.5 for place in range(6)}
    return [{"optimizer.lr": 1e-3 + place * 1e-6, **others} for place in range(num)]


def test_many_sets_are_kept_in_parts_that_a_column_of_mysql_holds(tmp_path: Path) -> None:
    plain = optuna.create_study(storage=open_store_of(tmp_path))
    enqueue(plain, many(600), file="sets.json")
    kept = [json.dumps(sets) for name, sets in plain.user_attrs.items() if name.startswith(GIVEN_ATTR)]
    assert max(map(len, kept)) < 65_536 < sum(map(len, kept))


def test_the_parts_of_a_file_are_read_as_one_in_order(tmp_path: Path) -> None:
    opened = study(tmp_path / "s")
    opened.enqueue(many(600), file="sets.json")
    opened.enqueue(many(601), file="sets.json")
    assert load_sweep(tmp_path / "s").given == {"sets.json": many(601)}


def test_sets_that_one_attribute_holds_whatever_their_size_are_read_and_not_kept_twice(tmp_path: Path) -> None:
    plain = optuna.create_study(storage=open_store_of(tmp_path))
    plain.set_user_attr("given-sets.json", many(600))
    enqueue(plain, many(601), file="sets.json")
    assert given_sets(plain.user_attrs) == {"sets.json": many(601)}
