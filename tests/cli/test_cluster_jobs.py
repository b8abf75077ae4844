"""`ferray cluster submit`, `logs`, `stop` and `status`, at a head that is a stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.cli.commands.cluster_logs import follow_to_end
from ferray.cluster.head import Head
from ferray.cluster.tunnel import Way
from ferray.testing.command import ferray
from ferray.testing.ray_head import RayHead, job, listed, node

ENDED = {
    "/api/jobs/": [job("sfew-1", "FAILED", driver_exit_code=3, end_time=61_000)],
    "/api/jobs/sfew-1": job("sfew-1", "FAILED", driver_exit_code=3),
    "/api/jobs/sfew-1/logs": {"logs": "error: no data\x1b[2J\n"},
    "/api/v0/nodes": listed(node("10.0.0.1", head=True), node("10.0.0.2", GPU=2.0)),
    "/api/v0/placement_groups": listed(),
    "/api/cluster_status": {"data": {"clusterStatus": ""}},
    "/nodes": {"data": {"nodeLogicalResources": {"10.0.0.2": "1.0/4.0 CPU\n2.0/2.0 GPU"}}},
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_API_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def head() -> Iterator[RayHead]:
    with RayHead(dict(ENDED)) as server:
        yield server


def test_a_log_is_printed_and_its_exit_code_is_the_sweeps(head: RayHead) -> None:
    ran = ferray("cluster", "logs", "sfew", "--address", head.url)
    assert (ran.code, ran.out) == (3, "error: no data\\x1b[2J\n")
    assert "`sfew-1` failed: its driver ended with exit code 3" in ran.err


def test_a_log_without_following_it_is_no_failure(head: RayHead) -> None:
    assert ferray("cluster", "logs", "--no-follow", "--address", head.url).code == 0


def test_a_job_that_has_ended_is_not_stopped(head: RayHead) -> None:
    ran = ferray("cluster", "stop", "sfew", "--address", head.url)
    assert (ran.code, [line for line in head.asked if line.startswith("POST")]) == (2, [])


def test_a_driver_without_ferrays_python_says_what_to_do(head: RayHead) -> None:
    head.answers["/api/jobs/sfew-1"] = job("sfew-1", "FAILED", driver_exit_code=127)
    ran = ferray("cluster", "logs", "--address", head.url)
    assert (ran.code, "have `python` with ferray's packages on the PATH" in ran.err) == (5, True)


def test_a_status_shows_nodes_jobs_and_that_nothing_waits(head: RayHead) -> None:
    ran = ferray("cluster", "status", "--address", head.url)
    assert ran.code == 0, ran.err
    assert all(words in ran.out for words in ("10.0.0.1", "head", "2/2", "sfew-1", "failed", "nothing waits"))


def test_a_status_as_json_is_one_document(head: RayHead) -> None:
    document = json.loads(ferray("cluster", "status", "--json", "--address", head.url).out)
    assert [found["ip"] for found in document["nodes"]] == ["10.0.0.1", "10.0.0.2"]


def test_a_dry_run_prints_the_command_of_the_head_and_asks_nobody() -> None:
    ran = ferray("cluster", "submit", "demo", "--dry-run", "--trials", "3", "--address", "http://127.0.0.1:1")
    assert ran.code == 0, ran.err
    assert "exec python -m ferray sweep demo --trials 3 --address auto" in ran.out.replace("\n", " ")


def test_a_dry_run_as_json_has_no_more_than_what_is_sent(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET=1")
    document = json.loads(ferray("cluster", "submit", "demo", "--dry-run", "--json").out)
    assert (document["sweep"], document["files"]) == ("demo", [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--trails", "3"), "--trails"),
        (("--trials", "many"), "many"),
        (("--output", "runs"), "is a folder of this machine"),
        (("--time-budget", "soon"), "is not a length of time"),
    ],
)
def test_an_option_that_a_sweep_refuses_is_refused_before_it_is_sent(words: tuple[str, ...], said: str) -> None:
    ran = ferray("cluster", "submit", "demo", *words, "--address", "http://127.0.0.1:1")
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_a_cluster_with_other_versions_is_refused(head: RayHead) -> None:
    head.answers["/api/v0/cluster_metadata"] = {"data": {"rayVersion": "2.1.0", "pythonVersion": "3.8.1"}}
    ran = ferray("cluster", "submit", "demo", "--address", head.url)
    assert (ran.code, "the cluster has Ray `2.1.0` on Python `3.8`" in ran.err) == (5, True)


def test_without_rays_jobs_a_sentence_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.cluster.extra.find_spec", lambda _: None)
    ran = ferray("cluster", "submit", "demo", "--address", "http://127.0.0.1:1")
    assert (ran.code, "needs Ray's launcher and jobs, which are not installed" in ran.err) == (5, True)


class Interrupted(Head):
    """A head that is asked when Ctrl-C is pressed."""

    def get(self, path: str, **query: str | int) -> object:
        raise KeyboardInterrupt


def test_ctrl_c_ends_the_following_alone(capsys: pytest.CaptureFixture[str]) -> None:
    way = Way(Interrupted("http://127.0.0.1:1"), lambda: None, ("--address", "cluster/onprem.yaml"))
    with pytest.raises(KeyboardInterrupt):
        follow_to_end(way, "sfew-1")
    said = capsys.readouterr().err
    assert "the job goes on: `" in said
    assert "cluster logs sfew-1 --address cluster/onprem.yaml`" in said
    assert "cluster stop sfew-1 --address cluster/onprem.yaml`" in said


def test_a_file_that_is_not_there_opens_no_tunnel() -> None:
    ran = ferray("cluster", "status", "--address", "onprem.yaml")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: there is no file `onprem.yaml`")
