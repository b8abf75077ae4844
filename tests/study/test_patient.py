"""The pruner `patient`."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from ferray.study.pruners._halving import HalvingPruner
from ferray.study.pruners._patience import PatiencePruner
from ferray.testing.studies import assert_pruner_lets_the_best_trial_finish


class Never(BasePruner):
    """Would let everything go on."""

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return False


def stops(values: dict[int, float], *, direction: str = "maximize", min_delta: float = 0.0, patience: int = 2) -> bool:
    """Whether a trial with these values at its steps is stopped now, by patience alone."""
    study = optuna.create_study(direction=direction)
    pruner = PatiencePruner(None, patience=patience, min_delta=min_delta)
    return pruner.prune(study, trial_with(study, values))


def trial_with(study: Study, values: dict[int, float]) -> FrozenTrial:
    trial = study.ask()
    for step, value in values.items():
        trial.report(value, step)
    return study.trials[trial.number]


def test_patient_lets_the_best_trial_finish(tmp_path: Path) -> None:
    assert_pruner_lets_the_best_trial_finish("patient", tmp_path / "curves")


def test_best_value_that_stays_the_same_is_no_gain() -> None:
    assert stops({1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5})


def test_gain_within_the_patience_lets_a_trial_be() -> None:
    assert not stops({1: 0.5, 2: 0.6, 3: 0.6, 4: 0.6})


@pytest.mark.parametrize(("last", "stopped"), [(0.53, True), (0.47, False)])
def test_lower_is_a_gain_where_the_objective_is_minimised(last: float, stopped: bool) -> None:
    assert stops({1: 0.5, 2: 0.5, 3: 0.5, 4: last}, direction="minimize") is stopped


@pytest.mark.parametrize(("min_delta", "stopped"), [(0.0, False), (0.2, True)])
def test_gain_of_min_delta_or_less_is_none(min_delta: float, stopped: bool) -> None:
    assert stops({1: 0.5, 2: 0.5, 3: 0.5, 4: 0.6}, min_delta=min_delta) is stopped


def test_short_trial_waits_for_steps_and_not_for_reports() -> None:
    assert stops({4: 0.5, 8: 0.5}, patience=3)


def test_trial_at_its_first_step_is_let_be() -> None:
    assert not stops({4: 0.5}, patience=3)


def test_inner_pruner_may_overrule_patience() -> None:
    study = optuna.create_study(direction="maximize")
    pruner = PatiencePruner(Never(), patience=1, min_delta=0.0)
    assert not pruner.prune(study, trial_with(study, {1: 0.5, 2: 0.5, 3: 0.5}))


def test_rungs_behind_an_impatient_trial_are_judged_by_what_it_had_there() -> None:
    study = optuna.create_study(direction="maximize")
    pruner = PatiencePruner(HalvingPruner(first_step=1, reduction_factor=2), patience=1, min_delta=0.0)
    first = pruner.prune(study, trial_with(study, {1: 0.2, 2: 0.9, 3: 0.9, 4: 0.9}))
    # At its first step this one is above 0.2; with the 0.3 of the present it would be below 0.9.
    second = pruner.prune(study, trial_with(study, {1: 0.3, 2: 0.3}))
    third = pruner.prune(study, trial_with(study, {1: 0.3, 2: 0.3, 3: 0.3}))
    assert (first, second, third) == (False, False, True)
