from __future__ import annotations

from dataclasses import replace

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from ferray.errors import ResumeMismatch
from ferray.study.data_identity import compare_data, doubt, keep_data
from ferray.study.records import DATA_ATTR, DataIdentity

FIRST = DataIdentity("k", "fer2013", "t1", 100, "v1", 20)


@pytest.fixture
def store() -> BaseStorage:
    """A store whose study `demo` has one finished trial that was judged on `FIRST`."""
    storage = InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="demo")
    keep_data(storage, "demo", [FIRST])
    study.add_trial(optuna.trial.create_trial(value=0.5))
    return storage


def notes(store: BaseStorage, *now: DataIdentity) -> list[str]:
    return compare_data(store, "demo", "`demo`", now)


def test_the_same_images_are_said_nothing_of(store: BaseStorage) -> None:
    assert notes(store, FIRST) == []


def test_other_validation_images_are_refused(store: BaseStorage) -> None:
    with pytest.raises(ResumeMismatch) as caught:
        notes(store, replace(FIRST, val="v2", num_val=19))
    assert caught.value.message == (
        "the validation images of `fer2013` are not those that 1 trial was judged on in `demo`: 20 then, 19 now"
    )
    assert "--fresh" in caught.value.hint


def test_as_many_other_validation_images_are_refused_as_others(store: BaseStorage) -> None:
    with pytest.raises(ResumeMismatch, match="20 as then, but others"):
        notes(store, replace(FIRST, val="v2"))


def test_other_training_images_are_noted(store: BaseStorage) -> None:
    line = "the training images of `fer2013` have changed since `demo` began: 100 then, 101 now"
    assert notes(store, replace(FIRST, train="t2", num_train=101)) == [line]


def test_another_data_set_of_the_same_sweep_is_no_change(store: BaseStorage) -> None:
    assert notes(store, FIRST, replace(FIRST, key="other", val="v2")) == []


def test_a_study_that_does_not_say_goes_on(store: BaseStorage) -> None:
    store.set_study_user_attr(store.get_study_id_from_name("demo"), DATA_ATTR, {})
    assert notes(store, replace(FIRST, val="v2")) == []


def test_a_study_that_is_not_there_goes_on() -> None:
    assert notes(InMemoryStorage(), FIRST) == []


def test_before_a_trial_has_ended_the_images_may_change() -> None:
    store = InMemoryStorage()
    optuna.create_study(storage=store, study_name="demo")
    keep_data(store, "demo", [FIRST])
    changed = replace(FIRST, val="v2")
    assert notes(store, changed) == []
    keep_data(store, "demo", [changed])
    assert store.get_study_user_attrs(0)[DATA_ATTR]["k"]["val"] == "v2"


def test_what_trials_were_judged_on_is_not_written_over(store: BaseStorage) -> None:
    keep_data(store, "demo", [replace(FIRST, train="t2"), replace(FIRST, key="more")])
    kept = store.get_study_user_attrs(0)[DATA_ATTR]
    assert (kept["k"]["train"], sorted(kept)) == ("t1", ["k", "more"])


def test_a_test_split_is_not_doubted_where_nothing_has_changed_or_nothing_is_known() -> None:
    assert doubt({"k": FIRST}, FIRST) == doubt({}, FIRST) == ""


def test_a_test_split_is_doubted_where_the_images_have_changed() -> None:
    assert doubt({"k": FIRST}, replace(FIRST, train="t2", num_train=101)) == (
        "`fer2013` has changed since the sweep began (train 100 then, 101 now; val 20 as then): "
        "test images may be among those it has seen"
    )
