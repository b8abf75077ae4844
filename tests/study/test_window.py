"""A sampler that sees a window of the study."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.samplers import RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ferray.study.samplers._window import Windowed

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Spy(RandomSampler):
    """Keeps what it was shown when it last proposed, and to infer the space."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        self.inferred_from = [seen.number for seen in study.get_trials(deepcopy=False)]
        return {}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]) -> dict[str, Any]:
        self.shown = [seen.number for seen in study._get_trials(deepcopy=False, use_cache=True)]
        return {}


def told(sampler: Windowed, values: list[float | None], direction: str = "maximize") -> Study:
    """A study in which each value is a complete trial, each None one pruned at step 3 with 0.5."""
    study = optuna.create_study(direction=direction, sampler=sampler)
    for value in values:
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.report(0.5, 3)
        study.tell(trial, value, TrialState.PRUNED if value is None else TrialState.COMPLETE)
    return study


def shown_to(values: list[float | None], most: int, direction: str = "maximize", **how: bool) -> list[int]:
    spy = Spy(seed=0)
    told(Windowed(spy, most, **how), values, direction).ask().suggest_float("x", 0, 1)
    return spy.shown


def test_a_short_study_is_shown_whole() -> None:
    assert shown_to([0.1, 0.2, None], most=3) == [0, 1, 2, 3]  # 3 is the running one


def test_the_best_and_every_second_of_all_from_the_latest_are_shown() -> None:
    # Of 10, at most 6: one best (0), then every ceil(10 / 5) = second from the latest.
    assert shown_to([9.0, *[1.0] * 9], most=6) == [0, 1, 3, 5, 7, 9, 10]


def test_the_best_is_the_lowest_where_that_is_wanted() -> None:
    assert 2 in shown_to([1.0, 1.0, 0.5, *[1.0] * 7], 6, "minimize")


def test_a_pruned_trial_is_never_best_before_a_complete_one() -> None:
    assert shown_to([None, None, 0.1, *[None] * 7], most=6) == [1, 2, 3, 5, 7, 9, 10]


def test_the_latest_alone_are_shown_where_asked_for() -> None:
    assert shown_to([9.0, *[1.0] * 9], most=4, only_latest=True) == [6, 7, 8, 9, 10]


def test_ends_out_of_order_are_shown_as_to_one_who_comes_to_the_study_later() -> None:
    spy, late = Spy(seed=0), Spy(seed=0)
    study = optuna.create_study(direction="maximize", sampler=Windowed(spy, 6))
    running = [told_plain(study) for _ in range(12)]
    for number in (3, 0, 11, 7, 1, 2, 10, 5, 9):
        study.tell(running[number], number % 4)
        told_plain(study)
    study.sampler = Windowed(late, 6)
    asked = told_plain(study).number
    assert [number for number in late.shown if number < asked - 1] == [
        number for number in spy.shown if number < asked - 1
    ]


def test_running_trials_are_always_shown() -> None:
    spy = Spy(seed=0)
    study = told(Windowed(spy, 4), [1.0] * 8)
    running = [study.ask().number for _ in range(3)]
    study.ask().suggest_float("x", 0, 1)
    assert set(running) < set(spy.shown)


def test_a_rare_branch_stays_in_the_space() -> None:
    spy = Spy(seed=0)
    study = optuna.create_study(sampler=Windowed(spy, 3))
    rare = study.ask()
    rare.suggest_float("rare", 0, 1)
    study.tell(rare, 5.0)
    for _ in range(20):
        study.tell(told_plain(study), 1.0)
    study.ask().suggest_float("x", 0, 1)
    assert spy.inferred_from == [0, 1, 21]  # one of each set of parameters, and the running one


def told_plain(study: Study) -> optuna.Trial:
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    return trial


def proposals(sampler: Any, num_trials: int) -> list[float]:
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1) - 0.3) ** 2, n_trials=num_trials)
    return [trial.params["x"] for trial in study.trials]


def tpe(seed: int = 1) -> TPESampler:
    return TPESampler(multivariate=True, seed=seed, n_startup_trials=5)


def test_up_to_the_window_it_is_the_other_sampler_draw_for_draw() -> None:
    assert proposals(Windowed(tpe(), 30), 30) == proposals(tpe(), 30)


def test_the_same_seed_and_record_give_the_same_proposals_beyond_the_window() -> None:
    assert proposals(Windowed(tpe(), 20), 40) == proposals(Windowed(tpe(), 20), 40)


def test_tpe_reads_no_more_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    plain = TPESampler._get_internal_repr
    monkeypatch.setattr(
        TPESampler,
        "_get_internal_repr",
        lambda self, trials, *rest: seen.append(len(trials)) or plain(self, trials, *rest),
    )
    proposals(Windowed(tpe(), 20), 40)
    assert max(seen) <= 20
