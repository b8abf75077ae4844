"""A job is found by its name or its sweep's, and its end says what its driver's end was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.cluster.head import Head
from ferray.cluster.jobs import Submission, find_job, job_from_json, log_of, new_id, stop_and_wait
from ferray.errors import ConfigError
from ferray.testing.ray_head import RayHead, job

JOBS = [
    job("sfew-1", "SUCCEEDED", start_time=1_000, end_time=2_000),
    job("sfew-2", "RUNNING", start_time=3_000),
    job("demo-1", "FAILED", sweep="demo", start_time=2_000, end_time=2_500, driver_exit_code=2),
    {"job_id": "04000000", "status": "RUNNING", "type": "DRIVER", "entrypoint": "python", "start_time": 9_000},
]


@pytest.fixture
def head() -> Iterator[Head]:
    with RayHead({"/api/jobs/": JOBS, "/api/jobs/sfew-1/logs": 500}) as server:
        yield Head(server.url)


@pytest.mark.parametrize(
    ("name", "found"), [("sfew-1", "sfew-1"), ("sfew", "sfew-2"), ("demo", "demo-1"), (None, "sfew-2")]
)
def test_a_job_is_found_by_its_id_or_as_the_latest_of_its_sweep(head: Head, name: str | None, found: str) -> None:
    assert find_job(head, name).id == found


def test_a_misspelt_job_is_offered(head: Head) -> None:
    with pytest.raises(ConfigError) as error:
        find_job(head, "dmeo")
    assert error.value.hint == "did you mean `demo`?"


def test_who_ends_a_job_means_one_that_runs(head: Head) -> None:
    with pytest.raises(ConfigError, match="there is no running job `demo`"):
        find_job(head, "demo", running=True)


def test_a_log_whose_node_is_gone_is_empty(head: Head) -> None:
    assert log_of(head, "sfew-1") == ""


def test_a_stop_waits_for_the_end() -> None:
    with RayHead({"/api/jobs/a/stop": {"stopped": True}, "/api/jobs/a": job("a")}) as server:
        pauses: list[float] = []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            server.answers["/api/jobs/a"] = job("a", "STOPPED")

        ended = stop_and_wait(Head(server.url), job_from_json(job("a")), sleep)
    assert (ended.status, len(pauses), server.asked[0]) == ("STOPPED", 1, "POST /api/jobs/a/stop")


@pytest.mark.parametrize(
    ("status", "driver", "code"),
    [
        ("SUCCEEDED", 0, 0),
        ("FAILED", 2, 2),
        ("FAILED", 4, 4),
        ("FAILED", 127, 5),
        ("FAILED", None, 5),
        ("FAILED", 130, 130),
        ("STOPPED", None, 130),
    ],
)
def test_the_exit_code_is_the_drivers(status: str, driver: int | None, code: int) -> None:
    assert job_from_json(job("a", status, driver_exit_code=driver)).exit_code == code


def test_an_end_before_the_driver_began_has_its_reason() -> None:
    failed = job_from_json(job("a", "FAILED", message="runtime_env setup failed: no such package\nmore"))
    assert failed.outcome == "failed: runtime_env setup failed: no such package"


def test_no_two_jobs_of_a_sweep_have_one_id() -> None:
    assert len({new_id("sfew") for _ in range(50)}) == 50


def test_nothing_of_this_environment_goes_with_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    sent = Submission("sfew", "exec python", {}).runtime_env(Path("folder"))
    assert sent["env_vars"] == {"RAY_JOB_STOP_WAIT_TIME_S": "60"}


def test_requirements_are_installed_on_every_node() -> None:
    sent = Submission("sfew", "exec python", {}, ("timm==1.0.20",)).runtime_env(Path("folder"))
    assert sent["uv"]["packages"] == ["timm==1.0.20"]
