"""Trials of an earlier sweep are known to the sampler, and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from ferray.events import Outcome, OutcomeKind
from ferray.study.history import load_sweep
from ferray.study.known_trials import Knowledge, KnownTrial, known_trials
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.testing.curves import small_spec

SPACE = {"optimizer.lr": {"log_uniform": [1e-5, 1e-1]}}


def study(folder: Path, sampler: Any = "tpe") -> Study:
    folder.mkdir(exist_ok=True)
    return Study(small_spec(sampler=sampler, space=SPACE), open_store(folder))


def known(num: int = 40) -> tuple[KnownTrial, ...]:
    """Rates over the whole range, of which those near 1e-3 are good."""
    rates = [10 ** (-5 + 4 * place / num) for place in range(num)]
    return tuple(KnownTrial({"optimizer.lr": rate}, 0.9 if 5e-4 < rate < 2e-3 else 0.1) for rate in rates)


def rates_asked(study: Study, num: int) -> list[float]:
    asked = [study.ask() for _ in range(num)]
    for trial in asked:
        study.finish(trial.number, Outcome(OutcomeKind.FAILED))
    return [float(trial.params["optimizer.lr"]) for trial in asked]


def test_the_first_proposal_is_near_what_was_good(tmp_path: Path) -> None:
    opened = study(tmp_path / "s")
    opened.learn_from(Knowledge("other", (), known()))
    assert 2e-4 < median(rates_asked(opened, 5)) < 5e-3


def test_sampler_that_knows_trials_has_no_random_ones_to_be_asked_ahead(tmp_path: Path) -> None:
    opened = study(tmp_path / "s")
    assert opened.room_ahead > 0
    opened.learn_from(Knowledge("other", (), known()))
    assert opened.room_ahead == 0


def test_a_sweep_that_goes_on_still_knows_them(tmp_path: Path) -> None:
    first = study(tmp_path / "s")
    first.learn_from(Knowledge("other", (), known()))
    first.close()
    assert 2e-4 < median(rates_asked(study(tmp_path / "s"), 5)) < 5e-3


def test_a_sampler_of_its_own_trials_alone_is_not_changed(tmp_path: Path) -> None:
    plain, told = study(tmp_path / "plain", "random"), study(tmp_path / "told", "random")
    told.learn_from(Knowledge("other", (), known()))
    assert rates_asked(told, 3) == rates_asked(plain, 3)


def test_sets_are_asked_first_and_once(tmp_path: Path) -> None:
    opened = study(tmp_path / "s")
    knowledge = Knowledge("other", ({"optimizer.lr": 1e-3},), known())
    assert opened.learn_from(knowledge)
    assert rates_asked(opened, 1) == [1e-3]
    assert not opened.learn_from(knowledge)
    assert rates_asked(opened, 1) != [1e-3]


def test_no_result_of_the_sweep_comes_of_them(tmp_path: Path) -> None:
    opened = study(tmp_path / "s")
    opened.learn_from(Knowledge("other", (), known()))
    assert (opened.num_finished, load_sweep(tmp_path / "s").trials) == (0, ())


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random"])
def test_pruned_trials_are_known_too(sampler: str, tmp_path: Path) -> None:
    opened = study(tmp_path / "s", {sampler: {"startup_trials": 1}} if sampler != "random" else sampler)
    pruned = tuple(KnownTrial(trial.params, trial.value, step=3) for trial in known(3))
    opened.learn_from(Knowledge("other", (), (*known(3), *pruned)))
    assert len(rates_asked(opened, 2)) == 2


def test_many_are_kept_in_parts_that_a_database_takes(tmp_path: Path) -> None:
    opened = study(tmp_path / "s")
    opened.learn_from(Knowledge("other", (), known(600)))
    kept = [json.dumps(part) for name, part in opened._optuna.user_attrs.items() if name.startswith("known-")]
    assert max(map(len, kept)) < 65_536 < sum(map(len, kept))
    assert len(known_trials(opened._optuna, opened.spec)) == 600
