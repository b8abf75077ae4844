"""Sweeps as jobs of a real head behind a token: refused without it, outliving their client, telling no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ferray.artifacts.trial import LAST_CHECKPOINT
from ferray.testing.command import Ran, ferray
from tests.cluster.real_head import RealHead, real_head

pytestmark = pytest.mark.ray

SPACE = """
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
budget: {trials: 1}
sampler: random
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 8, epochs: %s}
space: {optimizer.lr: {log_uniform: [1e-5, 1e-1]}}
"""
# Planted on the client's side, in the head's environment and in the client's folder.
CLIENTS = {"WANDB_API_KEY": "planted-client-wandb", "PGPASSWORD": "planted-client-pg"}
HEADS = {"AWS_SECRET_ACCESS_KEY": "planted-head-aws", "PGPASSWORD": "planted-head-pg"}
PLANTED = "planted-"
WITHIN_S = 600


@dataclass(frozen=True)
class Lab:
    """A head that runs, the folder that jobs are handed in from, and where results lie."""

    running: RealHead
    here: Path
    runs: Path

    def ferray(self, *words: str, **more: str) -> Ran:
        """A command of the user who has the token."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**CLIENTS, "RAY_AUTH_TOKEN": self.running.head.token, **more}.items():
                patch.setenv(name, value)
            patch.chdir(self.here)
            return ferray("cluster", *words, "--address", self.running.head.url)

    def client(self, *words: str) -> subprocess.Popen[str]:
        """`ferray cluster` in a process of its own."""
        environment = {**os.environ, **CLIENTS, "RAY_AUTH_TOKEN": self.running.head.token}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        command = [sys.executable, "-m", "ferray", "cluster", *words, "--address", self.running.head.url]
        return subprocess.Popen(
            command, cwd=self.here, env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Lab]:
    here = tmp_path_factory.mktemp("here")
    (here / "short.yaml").write_text(SPACE % 2)
    (here / "long.yaml").write_text(SPACE % 10_000)
    (here / ".env").write_text(f"KEY={PLANTED}file")
    with real_head(2, FERRAY_CACHE=str(shared_cache), **HEADS) as running:
        yield Lab(running, here, tmp_path_factory.mktemp("runs"))


def wait_for(claim: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not claim():
        assert time.monotonic() < until, f"{what} within {WITHIN_S} s"
        time.sleep(0.2)


@dataclass(frozen=True)
class Finished:
    """What is left of a sweep whose client was killed as soon as the job was handed in."""

    client_code: int
    log: Ran
    folders: dict[str, str]  # of the cluster's processes while it ran, by their command lines
    sent: set[str]  # what lay in the job's folder


@pytest.fixture(scope="module")
def finished(lab: Lab) -> Finished:
    words = ("--output", str(lab.runs), "--tracker", "none")
    assert lab.ferray("submit", "long.yaml", "--no-follow", *words).code == 0
    with lab.client("submit", "short.yaml", *words) as client:
        assert client.stderr is not None
        assert any("the job is `short-" in line for line in client.stderr)
        client.kill()
    wait_for(lambda: (lab.runs / "short" / "trials").is_dir(), "the sweep begins")
    folders = lab.running.folders()
    (folder,) = (folder for line, folder in folders.items() if "ferray sweep ./short.yaml" in line)
    sent = {path.name for path in Path(folder).iterdir()}
    return Finished(client.returncode, lab.ferray("logs", "short"), folders, sent)


@pytest.mark.parametrize("token", ["", "a" * 64])
def test_a_submit_without_the_clusters_token_is_refused(lab: Lab, token: str) -> None:
    before = lab.running.head.get("/api/jobs/")
    ran = lab.ferray("submit", "short.yaml", RAY_AUTH_TOKEN=token, HOME=str(lab.here))
    assert (ran.code, "token" in ran.err) == (5, True), ran.err
    assert lab.running.head.get("/api/jobs/") == before


def test_a_job_outlives_its_client_and_its_log_is_picked_up(finished: Finished) -> None:
    assert finished.client_code == -9
    assert finished.log.code == 0, finished.log.err
    assert "1 trial: 1 completed" in finished.log.out


def test_the_result_lies_where_the_output_is(lab: Lab, finished: Finished) -> None:
    assert finished.log.code == 0
    board = json.loads(ferray("leaderboard", "short", "--json", "--output", str(lab.runs)).out)
    assert [trial["state"] for trial in board["trials"]] == ["complete"]


def test_a_job_sees_the_ferray_that_handed_it_in_and_its_space_and_nothing_else(finished: Finished) -> None:
    assert finished.sent == {"ferray", "short.yaml"}


def test_no_secret_is_in_the_jobs_info(lab: Lab, finished: Finished) -> None:
    info = json.dumps(lab.running.head.get("/api/jobs/"))
    assert ("short.yaml" in info, finished.log.code) == (True, 0)
    assert [word for word in (PLANTED, lab.running.head.token) if word in info] == []


def test_no_secret_is_in_the_log(lab: Lab, finished: Finished) -> None:
    log = finished.log.out + finished.log.err
    assert [word for word in (PLANTED, lab.running.head.token) if word in log] == []


def test_no_secret_is_in_the_store_or_beside_it(lab: Lab, finished: Finished) -> None:
    assert finished.log.code == 0
    files = [path for path in (lab.runs / "short").rglob("*") if path.is_file()]
    told = [path for path in files for word in (PLANTED, lab.running.head.token) if word.encode() in path.read_bytes()]
    assert (len(files) > 3, told) == (True, [])


def test_no_secret_is_in_a_command_line(lab: Lab, finished: Finished) -> None:
    shown = "\n".join(finished.folders)
    assert "ferray sweep ./short.yaml" in shown
    assert [word for word in (PLANTED, lab.running.head.token) if word in shown] == []


def test_a_status_shows_the_head_and_the_jobs(lab: Lab, finished: Finished) -> None:
    assert finished.log.code == 0
    document = json.loads(lab.ferray("status", "--json").out)
    assert [(found["head"], found["total"]["CPU"]) for found in document["nodes"]] == [(True, 2.0)]
    assert {found["sweep"]: found["status"] for found in document["jobs"]} == {"short": "SUCCEEDED", "long": "RUNNING"}


def test_a_job_that_is_stopped_has_saved(lab: Lab, finished: Finished) -> None:
    assert finished.log.code == 0
    trial = lab.runs / "long" / "trials"
    wait_for(lambda: any(trial.glob("*/history.jsonl")), "the long sweep trains")
    ran = lab.ferray("stop", "long", "--json")
    assert (ran.code, json.loads(ran.out)["status"]) == (0, "STOPPED"), ran.err
    assert len(list(trial.glob(f"*/{LAST_CHECKPOINT}"))) == 1
    board = json.loads(ferray("leaderboard", "long", "--json", "--output", str(lab.runs)).out)
    assert [found["state"] for found in board["trials"]] == ["interrupted"]
