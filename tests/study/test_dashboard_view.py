"""A sweep in optuna-dashboard: what its answers say, on sweeps of synthetic curves; no port is bound."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import optuna_dashboard
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.study.dashboard_view import SweepView, Told, WsgiApplication, dashboard_of
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.testing.curves import open_driver, run_curves, saturating, small_spec

PRUNING = {"pruner": {"median": {"startup_trials": 3}}, "base": {"epochs": 24}}


def told(record: SweepRecord) -> Told:
    """A column and a note of each trial."""
    columns = {trial.number: {"outcome": trial.outcome} for trial in record.trials}
    return Told({"objective": record.metric}, "of the sweep", columns, {each: f"of trial {each}" for each in columns})


def get(application: WsgiApplication, path: str) -> dict[str, Any]:
    environ: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    answer: dict[str, Any] = json.loads(b"".join(application(environ, lambda *_: None)))
    return answer


def shown(folder: Path) -> dict[str, Any]:
    """The study as the dashboard's page asks for it."""
    view = SweepView(folder, None, told)
    return get(dashboard_of(view), f"/api/studies/{view.study_id}")


def spike(config: TrialConfig, fraction: float) -> float:
    """Good in the first half, and worse from there on."""
    value = saturating(config, fraction)
    return value if fraction <= 0.5 else value / 2


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view") / "curves"
    run_curves(open_driver(folder, small_spec(**PRUNING)), spike)
    return folder


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Its driver was killed in the second trial, and the next one asked that again and finished."""
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec(budget={"trials": 2})), most_epochs=6)
    run_curves(open_driver(folder, small_spec(budget={"trials": 2})))
    return folder


def test_the_objective_has_its_name(pruned: Path) -> None:
    assert shown(pruned)["objective_names"] == ["val/uar"]


def test_a_plain_dashboard_over_the_journal_names_it_too(pruned: Path) -> None:
    plain = optuna_dashboard.wsgi(JournalStorage(JournalFileBackend(str(pruned / "study.journal"))))
    assert get(plain, "/api/studies/0")["objective_names"] == ["val/uar"]


def test_a_sweep_from_before_is_named_when_it_goes_on(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec())
    study = driver.study._optuna
    study._storage.set_study_system_attr(study._study_id, "study:metric_names", None)
    driver.study.close()
    assert open_driver(tmp_path / "curves", small_spec()).study._optuna.metric_names == ["val/uar"]


def test_pruned_trials_have_their_best_so_far(pruned: Path) -> None:
    record = {trial.number: trial.value for trial in load_sweep(pruned).trials if trial.state == "pruned"}
    values = {trial["number"]: trial["values"][0] for trial in shown(pruned)["trials"] if trial["state"] == "Pruned"}
    assert record
    assert values == record


def test_steps_are_epochs(pruned: Path) -> None:
    complete = next(trial for trial in shown(pruned)["trials"] if trial["state"] == "Complete")
    assert [each["step"] for each in complete["intermediate_values"]] == list(range(2, 25, 2))


def test_the_best_is_that_of_the_leaderboard(pruned: Path) -> None:
    document = shown(pruned)
    complete = [trial for trial in load_sweep(pruned).trials if trial.state == "complete"]
    best = max(complete, key=lambda trial: trial.value or 0)
    assert [trial["number"] for trial in document["best_trials"]] == [best.number]


def test_an_interrupted_attempt_is_marked_as_such(killed: Path) -> None:
    first = shown(killed)["trials"][1]
    assert (first["state"], first["user_attrs"]) == ("Fail", [{"key": "outcome", "value": "orphaned"}])
    assert "values" not in first


def test_a_trial_that_diverged_shows_no_value_that_was_not_measured(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec(budget={"trials": 1})), lambda *_: math.nan)
    (trial,) = shown(folder)["trials"]
    assert (trial["state"], trial["user_attrs"][0]["value"], "values" in trial) == ("Fail", "diverged", False)


def test_each_trial_and_the_sweep_have_a_note(killed: Path) -> None:
    document = shown(killed)
    assert document["note"]["body"] == "of the sweep"
    assert [trial["note"]["body"] for trial in document["trials"]] == [f"of trial {number}" for number in range(3)]


def test_a_note_longer_than_one_of_its_parts_is_whole(pruned: Path) -> None:
    view = SweepView(pruned, None, lambda _: Told({}, "long " * 1000, {}, {}))
    assert get(dashboard_of(view), f"/api/studies/{view.study_id}")["note"]["body"] == "long " * 1000


def test_the_view_follows_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.study.dashboard_view.FRESH_FOR_S", 0.0)
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec(budget={"trials": 1})))
    view = SweepView(folder, None, told)
    run_curves(open_driver(folder, small_spec(budget={"trials": 3})))
    assert len(view.get_all_trials(view.study_id)) == 3


def test_what_is_written_to_the_view_stays_out_of_the_store(pruned: Path) -> None:
    before = (pruned / "study.journal").read_bytes()
    view = SweepView(pruned, None, told)
    view.set_study_user_attr(view.study_id, "mine", 1)
    view.set_study_system_attr(view.study_id, "dashboard:note_ver", 9)
    optuna.load_study(study_name=view.record.name, storage=view).ask()
    view.delete_study(view.study_id)
    assert (pruned / "study.journal").read_bytes() == before


def test_a_renamed_sweep_is_called_by_its_folder(killed: Path) -> None:
    folder = killed.rename(killed.with_name("renamed"))
    assert shown(folder)["name"] == "renamed"


def test_a_database_is_shown_alike(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 2}), storage=url))
    view = SweepView(tmp_path / "curves", url, told)
    assert [trial.values[0] for trial in view.get_all_trials(view.study_id) if trial.values] == [
        trial.value for trial in load_sweep(tmp_path / "curves", url).trials
    ]


def test_a_database_without_the_sweep_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1}), storage=url))
    with pytest.raises(ConfigError, match="holds no sweep `others`"):
        SweepView(tmp_path / "others", url, told)
