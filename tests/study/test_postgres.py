"""The study's promises on PostgreSQL, which tests/postgres.sh starts from the distribution's packages."""

from __future__ import annotations

import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import optuna
import pytest
import sqlalchemy
from optuna.storages import BaseStorage

from ferray.config.sweep import SweepSpec
from ferray.errors import ClusterError, ConfigError, ResumeMismatch
from ferray.events import Outcome, OutcomeKind
from ferray.results.leaderboard import rank
from ferray.study.database import database_errors_named
from ferray.study.history import load_sweep
from ferray.study.lease import Lease, Process
from ferray.study.records import TrialRecord
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.testing.command import ferray
from ferray.testing.curves import open_driver, run_curves, small_spec

TINY = """
dataset: {demo: {num_train: 140, num_val: 70, num_test: 70}}
budget: {trials: 2}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
space: {optimizer.lr: {log_uniform: [1e-3, 1e-2]}}
"""


pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture
def spec() -> SweepSpec:
    """A sweep with a name of its own in the shared database."""
    return named_spec()


def named_spec(**changes: Any) -> SweepSpec:
    return small_spec(name=f"curves-{uuid.uuid4().hex[:8]}", **changes)


def run(spec: SweepSpec, server: str, folder: Path, **how: int) -> tuple[TrialRecord, ...]:
    """Run or continue the sweep in the database; its trials."""
    run_curves(open_driver(folder / spec.name, spec, storage=server), **how)
    return load_sweep(folder / spec.name, server).trials


def test_every_trial_of_the_budget_completes(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    assert [trial.state for trial in run(spec, server, tmp_path)] == ["complete"] * 10


def test_nothing_is_written_beside_the_database(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    run(spec, server, tmp_path)
    assert not list(tmp_path.rglob("study.journal*"))


def test_two_crashes_lose_no_trial_and_double_none(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    run(spec, server, tmp_path, slots=2, most_epochs=10)
    run(spec, server, tmp_path, slots=2, most_epochs=9)
    trials = run(spec, server, tmp_path, slots=2)
    finished = [str(trial.params) for trial in trials if trial.state == "complete"]
    assert len(finished) == len(set(finished)) == 10
    assert "running" not in {trial.state for trial in trials}


def test_orphan_is_failed_and_its_parameters_asked_again(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    run(spec, server, tmp_path, slots=2, most_epochs=6)
    trials = run(spec, server, tmp_path, slots=2)
    orphans = [trial for trial in trials if trial.outcome == "orphaned"]
    assert len(orphans) == 2
    assert [trials[orphan.superseded_by or 0].params for orphan in orphans] == [orphan.params for orphan in orphans]


def test_interrupted_trial_is_asked_again_first(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    study = Study(spec, open_store(tmp_path, server))
    first = study.ask()
    study.finish(first.number, Outcome(OutcomeKind.INTERRUPTED))
    assert study.ask().params == first.params


def test_larger_budget_extends_the_sweep(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    run(spec, server, tmp_path)
    larger = spec.model_copy(update={"budget": spec.budget.model_copy(update={"trials": 13})})
    assert [trial.state for trial in run(larger, server, tmp_path)] == ["complete"] * 13


def test_other_space_under_the_same_name_is_refused(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    Study(spec, open_store(tmp_path, server)).close()
    with pytest.raises(ResumeMismatch):
        Study(small_spec(name=spec.name, base={"epochs": 5}), open_store(tmp_path, server))


def test_pruners_and_tpe_do_as_on_a_journal(server: str, tmp_path: Path) -> None:
    spec = named_spec(sampler="tpe", pruner={"median": {"startup_trials": 3}}, budget={"trials": 20})
    in_database = run(spec, server, tmp_path)
    run_curves(open_driver(tmp_path / "journal" / spec.name, spec))
    in_journal = load_sweep(tmp_path / "journal" / spec.name).trials
    assert [(trial.params, trial.outcome) for trial in in_database] == [(t.params, t.outcome) for t in in_journal]


def test_of_many_drivers_that_take_the_lease_at_once_one_has_it(server: str, tmp_path: Path) -> None:
    stores = [open_store(tmp_path, server) for _ in range(4)]
    assert [take_at_once(stores) for _ in range(15)] == [1] * 15


def take_at_once(stores: list[BaseStorage]) -> int:
    """How many drivers, each on a host of its own, believe that they have the lease of a new study."""
    name, ready = f"leased-{uuid.uuid4().hex[:8]}", threading.Barrier(len(stores))
    optuna.create_study(storage=stores[0], study_name=name)

    def take(store: BaseStorage) -> bool:
        host = uuid.uuid4().hex
        lease = Lease(optuna.load_study(study_name=name, storage=store), process=Process(host, 1, host, 1.0))
        ready.wait()
        try:
            lease.take()
        except ConfigError:
            return False
        return True

    with ThreadPoolExecutor(len(stores)) as pool:
        return sum(pool.map(take, stores))


def test_drivers_that_find_an_empty_database_at_once_all_open_it(server: str, tmp_path: Path) -> None:
    database, ready = f"empty_{uuid.uuid4().hex[:8]}", threading.Barrier(4)
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {database}"))
    engine.dispose()

    def begin(_: int) -> list[str]:
        ready.wait()
        return optuna.get_all_study_names(open_store(tmp_path, server.removesuffix("postgres") + database))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(begin, range(4))) == [[]] * 4


def test_connections_that_the_server_closed_are_replaced(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    study = Study(spec, open_store(tmp_path, server))
    engine = sqlalchemy.create_engine(server)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        connection.execute(sqlalchemy.text(others))
    engine.dispose()
    assert study.ask().number == 0


def test_sweep_and_leaderboard_take_the_url_and_never_show_its_password(server: str, tmp_path: Path) -> None:
    space = tmp_path / f"tiny-{uuid.uuid4().hex[:8]}.yaml"
    space.write_text(TINY)
    place = ["--output", tmp_path / "runs", "--storage", server]
    swept = ferray("sweep", space, "--launcher", "inline", "--tracker", "wandb", *place)
    listed = ferray("leaderboard", space.stem, "--csv", *place)
    assert (swept.code, listed.code, len(listed.out.splitlines())) == (0, 0, 3), swept.err
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    shown = swept.out + swept.err + listed.out + listed.err
    assert password(server).encode() not in written + shown.encode()


def password(url: str) -> str:
    given = urlsplit(url).password
    assert given
    return given


def test_wrong_password_is_one_sentence_without_it(server: str, tmp_path: Path) -> None:
    wrong = server.replace(password(server), "guessed")
    with pytest.raises(ConfigError, match="password authentication failed") as caught:
        open_store(tmp_path, wrong)
    assert "guessed" not in str(caught.value)


def test_database_that_goes_away_ends_the_sweep_without_sql(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    database = f"gone_{uuid.uuid4().hex[:8]}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {database}"))
        study = Study(spec, open_store(tmp_path, server.removesuffix("postgres") + database))
        connection.execute(sqlalchemy.text(f"DROP DATABASE {database} WITH (FORCE)"))
    engine.dispose()
    with pytest.raises(ClusterError, match="the store's database failed: ") as caught, database_errors_named():
        study.ask()
    assert "SELECT" not in str(caught.value)


def test_server_that_never_answers_is_refused_within_seconds(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ConfigError, match="timeout"):
            open_store(tmp_path, f"postgresql://u:secret@127.0.0.1:{port}/db?connect_timeout=2")


def test_server_that_is_not_there_is_one_config_error(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    ran = ferray("leaderboard", "sfew", "--output", tmp_path, "--storage", "postgresql://u:secret@127.0.0.1:1/db")
    assert ran.code == 2
    assert ran.err.startswith("error: the store `postgresql://127.0.0.1:1/db` cannot be opened: ")
    assert "secret" not in ran.err


@pytest.mark.parametrize("url", ["user:secret@host/db", "secret", "odd://user:secret@host/db"])
def test_what_is_no_database_url_is_refused_and_not_quoted(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is not a database URL") as caught:
        open_store(tmp_path, url)
    assert "secret" not in str(caught.value)


def test_optuna_reads_what_ferray_wrote(spec: SweepSpec, server: str, tmp_path: Path) -> None:
    trials = run(spec, server, tmp_path)
    best = rank(load_sweep(tmp_path / spec.name, server)).best
    assert best is not None
    assert optuna.load_study(study_name=spec.name, storage=server).best_trial.number == best.number
    assert len(trials) == 10


def test_a_password_that_was_not_remembered_is_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with pytest.raises(ConfigError) as caught:
        open_store(tmp_path, "postgresql://somebody@127.0.0.1:1/db")
    assert "pass `--storage` with it, or set PGPASSWORD" in caught.value.hint
