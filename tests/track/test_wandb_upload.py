"""`ferray sync` against a stand-in for W&B's server: what arrives, and one sentence where nothing can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ferray.config.place import JOURNAL_NAME
from ferray.errors import ClusterError, ConfigError
from ferray.testing.command import ferray
from ferray.testing.fake_sweep import TRIALS
from ferray.testing.trackers import play
from ferray.testing.wandb_server import WandbServer
from ferray.track._wandb_upload import UNSENT, _failure, runs_to_send
from ferray.track.wandb import Wandb

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fake sweep, played to an offline tracker."""
    folder = tmp_path_factory.mktemp("runs") / "demo"
    folder.mkdir()
    (folder / JOURNAL_NAME).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        tracker = Wandb(folder)
        play(tracker)
        tracker.close()
    return folder


@pytest.fixture
def sweep(played: Path, tmp_path: Path) -> Path:
    """A copy of the test's own."""
    return Path(shutil.copytree(played, tmp_path / "runs" / "demo"))


def sync(sweep: Path, url: str, *, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """`ferray sync` in a process of its own: wandb keeps its settings for as long as one lives."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    keyed = {"WANDB_API_KEY": key} if key else {}
    environment = {**kept, **keyed, "WANDB_BASE_URL": url, "HOME": str(sweep.parent)}
    command = [sys.executable, "-m", "ferray", "sync", str(sweep)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_every_run_arrives_once(sweep: Path) -> None:
    with WandbServer() as server:
        first, second = sync(sweep, server.url), sync(sweep, server.url)
    assert (first.returncode, len(server.record.runs)) == (0, len(TRIALS)), first.stderr
    assert (second.returncode, "nothing to upload" in second.stderr) == (0, True)


def test_a_server_that_does_not_answer_is_one_sentence(sweep: Path) -> None:
    done = sync(sweep, "http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the W&B server `http://127.0.0.1:9` does not answer\nhint: ")


def test_a_missing_key_is_one_sentence(sweep: Path) -> None:
    with WandbServer() as server:
        done = sync(sweep, server.url, key="")
    assert (done.returncode, "error: there is no W&B API key\nhint: set WANDB_API_KEY" in done.stderr) == (2, True)


def test_a_refused_key_is_no_success(sweep: Path) -> None:
    with WandbServer(refuses_key=True) as server:
        done = sync(sweep, server.url)
    assert (done.returncode, "error: W&B does not take the API key: " in done.stderr) == (2, True)


def test_a_sweep_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = ferray("sync", "nosuch", "--output", tmp_path)
    assert (ran.code, "there is no sweep `nosuch`" in ran.err) == (2, True)


def test_what_a_run_has_gained_is_sent_again(sweep: Path) -> None:
    (run, *_) = runs_to_send(sweep)
    (file,) = run.glob("*.wandb")
    sent = file.with_name(f"{file.name}.synced")
    sent.touch()
    assert run not in runs_to_send(sweep)
    os.utime(file, (sent.stat().st_mtime + 1, sent.stat().st_mtime + 1))
    assert run in runs_to_send(sweep)


def test_online_runs_are_sent_only_after_trouble(sweep: Path) -> None:
    online = sweep / "wandb" / "run-20260101_000000-abc"
    online.mkdir()
    (online / "run-abc.wandb").touch()
    assert online not in runs_to_send(sweep)
    (sweep / "wandb" / UNSENT).touch()
    assert online in runs_to_send(sweep)


def test_what_wandb_says_becomes_one_error() -> None:
    assert isinstance(_failure(["WANDB_API_KEY invalid: API key must have 40+"], num_left=2, num_runs=2), ConfigError)
    lost = _failure(["connection reset"], num_left=1, num_runs=2)
    assert isinstance(lost, ClusterError)
    assert lost.message == "1 of 2 runs did not arrive: connection reset"
