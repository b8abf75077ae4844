"""`ferray sweep NAME --dry-run`: what would run, and every refusal of a real start, without a trace."""

from __future__ import annotations

import fcntl
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from ferray.config.load import load_space
from ferray.study.records import LEASE_ATTR
from ferray.study.store import open_store
from ferray.testing.command import Ran, sweep
from ferray.testing.curves import next_job, open_driver
from tests.cli.conftest import TINY


def dry(space: Path, *args: object) -> Ran:
    return sweep(space, "--dry-run", *args)


def plan(space: Path, *args: object) -> dict[str, Any]:
    ran = dry(space, "--json", *args)
    assert ran.code == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


def words(space: Path, *args: object) -> dict[str, Any]:
    ran = dry(space, *args)
    assert ran.code == 0, ran.err
    document: dict[str, Any] = yaml.safe_load(ran.out)
    return document


def files_in(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")}


def test_nothing_is_left_behind_of_a_new_sweep(space: Path) -> None:
    assert dry(space).code == 0
    assert files_in(space.parent) == {"tiny.yaml": len(TINY)}


def test_nothing_is_changed_of_one_that_is_there(space: Path) -> None:
    sweep(space, "--trials", 1)
    before = files_in(space.parent)
    assert dry(space).code == 0
    assert files_in(space.parent) == before


def test_the_plan_is_yaml_as_a_space_has_it(space: Path) -> None:
    document = words(space)
    assert document["searched"] == yaml.safe_load(TINY)["space"]
    assert document["objective"] == {"metric": "val/uar", "mode": "max", "epoch": "best"}


@pytest.mark.parametrize("width", [30, 60, 80])
def test_the_plan_is_yaml_on_a_narrow_terminal_too(space: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = words(space)
    monkeypatch.setattr("ferray.cli.terminal.output.width_of", lambda stream: width if stream is sys.stdout else None)
    folded = words(space)
    assert {**folded, "disk": ""} == {**whole, "disk": ""}  # what is free may change from one to the next


def test_fixed_values_are_shown_with_their_defaults_and_without_what_is_searched(space: Path) -> None:
    fixed = words(space)["fixed"]
    assert fixed["backbone"] == {"tiny_cnn": {"width": 4, "depth": 3}}
    assert (fixed["epochs"], fixed["optimizer"]["name"], fixed["seed"]) == (1, "adamw", 0)
    assert ("lr" in fixed["optimizer"], "imbalance" in fixed) == (False, False)


def test_what_arms_and_seeds_vary_is_not_called_fixed(space: Path) -> None:
    space.write_text(f"{TINY}arms: {{plain: {{}}, small: {{batch_size: 8, backbone.width: 8}}}}\nseeds: 2\n")
    document = plan(space)
    assert ("seed" in document["fixed"], "batch_size" in document["fixed"]) == (False, False)
    assert document["fixed"]["backbone"] == {"tiny_cnn": {"depth": 3}}
    assert (document["arms"]["small"]["batch_size"], document["seeds"]) == (8, 2)


def test_the_plan_counts_images_and_slots(space: Path) -> None:
    document = plan(space)
    assert {name: sum(split["counts"]) for name, split in document["data"][0]["splits"].items()} == {
        "train": 140,
        "val": 70,
        "test": 70,
    }
    assert document["slots"] == {"trials": 1, "trials_per_worker": 1, "cpus_per_trial": 1, "gpus_per_trial": 0.0}


def test_the_plan_says_how_many_trials_share_a_worker_and_why(space: Path) -> None:
    ran = dry(space, "--trials-per-worker", 3, "--json")
    assert json.loads(ran.out)["slots"]["trials_per_worker"] == 3
    assert "workers: 3 trials share a worker, as asked: they take turns\n" in ran.err


def test_the_plan_says_what_a_trial_writes(space: Path) -> None:
    swept = json.loads(sweep(space, "--trials", 1, "--name", "other", "--json").out)
    best = space.parent / "runs" / "other" / swept["trials"][0]["checkpoint"]
    least, most = plan(space)["disk"]["kept_bytes"]
    assert least == most
    assert least < best.stat().st_size < least + 100_000  # beside the weights a few facts and torch's own


def test_the_plan_says_what_it_goes_on_with(space: Path) -> None:
    best = json.loads(sweep(space, "--json").out)["trials"][0]
    document = plan(space, "--trials", 3)
    assert document["continues"] == {
        "finished": 2,
        "by_outcome": {"completed": 2},
        "asked_again": 0,
        "waiting": 0,
        "best": {"trial": best["number"], "value": best["value"]},
    }
    assert document["trials_left"] == 1
    assert words(space, "--trials", 3)["goes on with"].startswith("2 finished (2 completed), best ")
    assert words(space, "--trials", 3)["goes on with"].endswith("; 1 left")


def test_a_finished_sweep_writes_no_more(space: Path) -> None:
    sweep(space)
    document = plan(space)
    assert (document["trials_left"], document["disk"]["all_trials_bytes"]) == (0, 0)


def test_an_interrupted_trial_is_said_to_be_asked_again(space: Path) -> None:
    driver = open_driver(space.parent / "runs" / "tiny", load_space(str(space))[0])
    driver.start(slots=1)
    next_job(driver)
    driver.interrupt()
    driver.study.close()
    assert plan(space)["continues"]["asked_again"] == 1


def test_a_new_sweep_goes_on_with_nothing(space: Path) -> None:
    assert words(space)["goes on with"] == "nothing, it is a new sweep"


def test_a_fresh_one_goes_on_with_nothing(space: Path) -> None:
    sweep(space, "--trials", 1)
    assert plan(space, "--fresh", "--set", "epochs=2")["continues"]["finished"] == 0


def test_the_store_is_shown_without_its_password(space: Path) -> None:
    url = f"sqlite:///{space.parent}/s.db"
    assert plan(space, "--storage", url)["store"] == url
    assert not (space.parent / "s.db").exists()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def refused(space: Path, *args: object) -> str:
    """What both a dry run and a real one say, which is the same; nothing has changed then."""
    before = files_in(space.parent)
    rehearsed = dry(space, *args)
    assert files_in(space.parent) == before
    real = sweep(space, *args)
    told = [
        [line for line in ran.err.splitlines() if line.startswith(("error:", "hint:"))] for ran in (rehearsed, real)
    ]
    assert (rehearsed.code, rehearsed.out, told[0]) == (real.code, "", told[1])
    assert rehearsed.code != 0
    return "\n".join(told[0])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--set", "epochs=2"], "`base.epochs`"),
        (["--set", "objective.metric=val/accuracy"], "`objective`"),
        (["--set", "optimizer.lr=0.01"], "`space.optimizer.lr`"),
        (["--storage", "sqlite:////nowhere/x.db"], "keeps its record in"),
    ],
)
def test_another_search_under_the_same_name_is_refused(space: Path, args: list[object], said: str) -> None:
    sweep(space, "--trials", 1)
    assert said in refused(space, *args)


def test_a_study_that_ferray_did_not_write_is_refused(space: Path) -> None:
    folder = space.parent / "runs" / "tiny"
    folder.mkdir(parents=True)
    optuna.create_study(storage=open_store(folder), study_name="tiny", direction="minimize")
    (folder / "driver.lock").touch()
    (folder / "trials").mkdir()
    assert "not written by ferray" in refused(space)


def test_a_damaged_journal_is_refused(space: Path) -> None:
    sweep(space, "--trials", 1)
    journal = space.parent / "runs" / "tiny" / "study.journal"
    journal.write_bytes(b"{broken}\n" + journal.read_bytes())
    assert f"line 1 of `{journal}` is damaged, at byte 0: " in refused(space)


@pytest.mark.parametrize("url", ["sqlite:////nowhere/s.db", "postgresql://u:secret@127.0.0.1:1/x", "nonsense"])
def test_a_store_that_does_not_answer_is_refused(space: Path, url: str) -> None:
    ran = dry(space, "--storage", url)
    assert (ran.code, "cannot be opened" in ran.err, "secret" in ran.err) == (2, True, False)
    assert not (space.parent / "runs").exists()


def test_an_address_that_does_not_answer_is_refused(space: Path, closed_port: int) -> None:
    ran = dry(space, "--launcher", "ray", "--address", f"127.0.0.1:{closed_port}")
    assert (ran.code, f"nothing answers at `127.0.0.1:{closed_port}`" in ran.err) == (5, True)


def test_fresh_with_a_database_is_refused(space: Path) -> None:
    assert "`--fresh` cannot move" in refused(space, "--fresh", "--storage", f"sqlite:///{space.parent}/s.db")


@pytest.fixture
def driven(space: Path) -> Iterator[Path]:
    """A space whose sweep another process of this machine drives."""
    sweep(space, "--trials", 1)
    with (space.parent / "runs" / "tiny" / "driver.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield space


@pytest.mark.parametrize("args", [[], ["--fresh"], ["--take-over"]])
def test_a_sweep_that_another_process_drives_is_refused(driven: Path, args: list[object]) -> None:
    assert "is being run by process" in refused(driven, *args)


def test_a_sweep_that_another_host_drives_is_refused_unless_taken_over(
    space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ferray.study.lease.STALE_AFTER_S", 0.0)  # a minute's look at whether the owner still renews
    sweep(space, "--trials", 1)
    store = open_store(space.parent / "runs" / "tiny")
    lease = {"token": "x", "host": "elsewhere", "pid": 1, "renewed": 4e9, "born": 0.0}
    store.set_study_user_attr(store.get_study_id_from_name("tiny"), LEASE_ATTR, lease)
    assert "is being run by process 1 on elsewhere" in refused(space)
    assert dry(space, "--take-over").code == 0


def test_a_sweep_with_a_journal_is_not_joined(space: Path) -> None:
    assert "`--join` needs a store that several drivers can share" in refused(space, "--join")


@pytest.mark.parametrize("other", ["--take-over", "--fresh"])
def test_joining_is_refused_beside_what_drives_without_others(space: Path, other: str) -> None:
    assert f"`--join` drives a sweep beside others, `{other}` without them" in refused(space, "--join", other)


def test_a_tracker_that_is_not_installed_is_refused(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.track.tensorboard.find_spec", lambda _: None)
    ran = dry(space, "--tracker", "tensorboard")
    assert (ran.code, "needs the package `tensorboard`" in ran.err) == (2, True)


def test_a_full_disk_is_warned_of(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.sweeps.disk_space.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    assert "may take up to" in dry(space).err


@pytest.fixture
def second(space: Path) -> Path:
    """A sweep that begins with the trials of another."""
    path = space.parent / "second.yaml"
    path.write_text(f"{TINY}\nname: second\nafter: {space}\n")
    return path


def test_a_sweep_after_another_shows_that_one_first(second: Path) -> None:
    ran = dry(second)
    assert yaml.safe_load(ran.out)["sweep"] == "tiny"
    assert "is told once `tiny` is finished" in ran.err


def test_a_sweep_after_a_finished_one_shows_itself(second: Path, space: Path) -> None:
    sweep(space)
    assert plan(second)["sweep"] == "second"
