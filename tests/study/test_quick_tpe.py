"""TPE that remembers what has ended proposes what Optuna's own does, draw for draw."""

from __future__ import annotations

from typing import Any, Literal

import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from ferray.study.samplers._quick_tpe import QuickTPESampler

optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

Direction = Literal["maximize", "minimize"]


def plain(**more: Any) -> TPESampler:
    return TPESampler(multivariate=True, group=True, constant_liar=True, seed=3, n_startup_trials=5, **more)


def quick(**more: Any) -> TPESampler:
    return QuickTPESampler(seed=3, n_startup_trials=5, **more)


def suggest(trial: Trial) -> None:
    trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    trial.suggest_int("epochs", 10, 30)
    if trial.suggest_categorical("loss", ["plain", "focal"]) == "focal":
        trial.suggest_float("gamma", 0.5, 4.0)


def asked(sampler: TPESampler, *, at_once: int, ends: int, direction: Direction = "maximize") -> list[dict[str, Any]]:
    """The parameters of a study in which so many trials run at once; every third is pruned, every seventh fails."""
    study = optuna.create_study(direction=direction, sampler=sampler)
    running: list[Trial] = []
    for number in range(ends):
        while len(running) < at_once:
            running.append(study.ask())
            suggest(running[-1])
        trial = running.pop(number % at_once)
        if number % 3 == 1:
            trial.report(trial.params["lr"], 1 + number % 4)
        state = TrialState.FAIL if number % 7 == 6 else TrialState.PRUNED if number % 3 == 1 else TrialState.COMPLETE
        value = round(trial.params["lr"], 3) + trial.params["epochs"] % 3  # with ties
        study.tell(trial, value if state is TrialState.COMPLETE else None, state)
    return [trial.params for trial in study.trials]


def test_trials_asked_one_after_another_are_optunas() -> None:
    assert asked(quick(), at_once=1, ends=60) == asked(plain(), at_once=1, ends=60)


def test_trials_asked_while_many_run_are_optunas() -> None:
    assert asked(quick(), at_once=12, ends=60) == asked(plain(), at_once=12, ends=60)


def test_trials_of_a_study_to_be_minimised_are_optunas() -> None:
    assert asked(quick(), at_once=4, ends=60, direction="minimize") == asked(
        plain(), at_once=4, ends=60, direction="minimize"
    )


def test_a_block_of_asks_makes_the_density_of_good_trials_once_for_each_branch() -> None:
    sampler = QuickTPESampler(seed=3, n_startup_trials=5)
    made: list[int] = []
    density = sampler._density
    sampler._density = lambda branch, rows: made.append(len(rows)) or density(branch, rows)  # type: ignore[func-returns-value,method-assign]
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(20):
        trial = study.ask()
        suggest(trial)
        study.tell(trial, trial.params["lr"])
    made.clear()
    block = [study.ask() for _ in range(10)]
    for trial in block:
        suggest(trial)
    assert made.count(2) == 2  # of the good ones: a tenth of 20, in the two branches of the space
