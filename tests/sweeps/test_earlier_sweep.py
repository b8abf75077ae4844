"""What a sweep takes over from an earlier one, and what it says of that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.study.history import load_sweep
from ferray.study.known_trials import Knowledge
from ferray.study.records import DataIdentity
from ferray.sweeps.earlier_sweep import EarlierSweep, find_earlier, has_taken_over, take_over
from ferray.testing.curves import open_driver, run_curves, small_spec

DATA = DataIdentity("demo", "demo", "t", 10, "v", 5)
LATER: dict[str, Any] = {"name": "later", "sampler": "tpe", "budget": {"trials": 40}}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> EarlierSweep:
    """Ten trials of `small_spec`, judged on DATA."""
    folder = tmp_path_factory.mktemp("runs") / "curves"
    run_curves(open_driver(folder, small_spec()))
    found = find_earlier("curves", folder.parent)
    return replace(found, record=replace(found.record, data={"demo": DATA}))


def later(**changes: Any) -> SweepSpec:
    return small_spec(**{**LATER, **changes})


def test_the_best_of_each_combination_of_choices_is_first(earlier: EarlierSweep) -> None:
    sets = take_over(earlier, later(), [DATA]).knowledge.sets
    tried = {(trial.params["batch_size"], trial.params["imbalance"]) for trial in earlier.record.trials}
    best = max(earlier.record.trials, key=lambda trial: trial.value or 0)
    assert sets[0] == best.params
    assert {(params["batch_size"], params["imbalance"]) for params in sets[: len(tried)]} == tried


def test_no_more_than_a_quarter_of_the_budget_is_asked_first(earlier: EarlierSweep) -> None:
    assert len(take_over(earlier, later(budget={"trials": 8}), [DATA]).knowledge.sets) == 2


def test_trials_that_compare_are_known(earlier: EarlierSweep) -> None:
    taken = take_over(earlier, later(), [DATA])
    assert len(taken.knowledge.known) == 10
    assert "10 of its 10 trials known to the sampler" in taken.line


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"objective": {"metric": "val/accuracy"}}, "they are judged by the best val/uar, those of this sweep"),
        ({"sampler": "random"}, "`random` learns from its own trials alone"),
        ({"base": {"epochs": 5}}, "none of them is a recipe of this space"),
    ],
)
def test_trials_that_do_not_compare_give_first_sets_alone(
    earlier: EarlierSweep, changes: dict[str, Any], why: str
) -> None:
    taken = take_over(earlier, later(**changes), [DATA])
    assert taken.knowledge.known == ()
    assert taken.knowledge.sets
    assert why in taken.line


def test_trials_judged_on_other_images_are_not_known(earlier: EarlierSweep) -> None:
    taken = take_over(earlier, later(), [replace(DATA, val="others")])
    assert taken.line.endswith("they are judged on other validation images")


def test_a_space_that_has_nothing_of_it_is_refused(earlier: EarlierSweep) -> None:
    spec = later(space={"optimizer.weight_decay": {"uniform": [0.1, 0.2]}})
    with pytest.raises(ConfigError, match="no trial of it has a parameter of this space"):
        take_over(earlier, spec, [DATA])


def test_a_sweep_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`--like` names `absent`, and there is no sweep"):
        find_earlier("absent", tmp_path)


def test_a_sweep_without_a_complete_trial_is_refused(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "begun", small_spec(name="begun"))
    driver.study.ask()
    with pytest.raises(ConfigError, match="no trial of that sweep has completed"):
        find_earlier("begun", tmp_path)


def test_a_pruned_trial_is_known_at_the_step_it_came_to(earlier: EarlierSweep) -> None:
    first = replace(earlier.record.trials[0], state="pruned", epochs=1)
    record = replace(earlier.record, trials=(first, *earlier.record.trials[1:]))
    known = take_over(replace(earlier, record=record), later(), [DATA]).knowledge.known
    assert known[0].step == 3  # an epoch of four, in twelfths


def test_a_diverged_trial_is_known_as_the_worst(earlier: EarlierSweep) -> None:
    first = replace(earlier.record.trials[0], state="diverged", value=None)
    record = replace(earlier.record, trials=(first, *earlier.record.trials[1:]))
    assert take_over(replace(earlier, record=record), later(), [DATA]).knowledge.known[0].value == 0.0


@pytest.mark.parametrize(("called", "asked", "is_known"), [("curves", "runs/curves", True), ("curves", "other", False)])
def test_what_was_taken_over_is_known_by_name(tmp_path: Path, called: str, asked: str, is_known: bool) -> None:
    driver = open_driver(tmp_path / "later", small_spec(name="later"))
    driver.study.learn_from(Knowledge("a1b2", (), (), called))
    assert has_taken_over(asked, driver.folder) is is_known


def test_what_an_older_ferray_took_over_may_be_of_any_name(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "later", small_spec(name="later"))
    driver.study.learn_from(Knowledge("a1b2", (), ()))
    assert has_taken_over("curves", driver.folder)


@pytest.mark.parametrize("folder", ["later", "absent"])
def test_a_sweep_that_took_nothing_over_knows_none(tmp_path: Path, folder: str) -> None:
    open_driver(tmp_path / "later", small_spec(name="later"))
    assert not has_taken_over("curves", tmp_path / folder)


def test_the_earlier_sweep_is_left_as_it_is(earlier: EarlierSweep) -> None:
    before = load_sweep(earlier.folder)
    take_over(earlier, later(), [DATA])
    assert load_sweep(earlier.folder) == before
