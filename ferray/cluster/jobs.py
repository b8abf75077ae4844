"""Sweeps as jobs of a Ray cluster: handed in, looked up, stopped. What runs is the head's; this machine may go away."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ferray.cluster.head import ADDRESS_VARIABLE, Head
from ferray.errors import INTERRUPTED_EXIT_CODE, ClusterError, ConfigError, HeadFailed, did_you_mean
from ferray.system.environment import with_variables
from ferray.text.commands import command

SWEEP_KEY = "ferray_sweep"  # in the metadata of a job
STOP_WITHIN_S = 60  # Ray kills after three seconds, and a sweep saves for up to ten
ENDED = ("STOPPED", "SUCCEEDED", "FAILED")
OVERRULING = ("RAY_ADDRESS", ADDRESS_VARIABLE)  # of an address that Ray's client is given
_OURS = range(1, 6)  # the exit codes of a driver that mean something


@dataclass(frozen=True)
class Submission:
    """A job as it is handed in: its entry point, a shell's line on the head, in a working directory of its own."""

    sweep: str
    entrypoint: str
    metadata: Mapping[str, str]
    requirements: Sequence[str] = ()

    def runtime_env(self, folder: Path) -> dict[str, Any]:
        """Where and with what it runs, on every node alike: no variable of this machine's environment is among it."""
        install = {"uv": {"packages": list(self.requirements), "uv_check": True}} if self.requirements else {}
        return {
            "working_dir": str(folder),
            "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WITHIN_S)},
            "config": {"setup_timeout_seconds": 1800},
            **install,
        }


@dataclass(frozen=True)
class Job:
    """A job as the cluster knows it. `ray_id` is its driver's, "" before that has joined; times are Unix seconds."""

    id: str
    status: str
    sweep: str = ""
    message: str = ""
    entrypoint: str = ""
    started: float | None = None
    ended: float | None = None
    driver_exit_code: int | None = None
    ray_id: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ENDED

    @property
    def exit_code(self) -> int:
        """What a command ends with that has waited for it: its driver's own where that is one of ferray's."""
        if self.status == "SUCCEEDED":
            return 0
        if self.status == "STOPPED" or self.driver_exit_code == INTERRUPTED_EXIT_CODE:
            return INTERRUPTED_EXIT_CODE
        code = self.driver_exit_code
        return code if code is not None and code in _OURS else ClusterError.exit_code

    @property
    def outcome(self) -> str:
        """Its end in words."""
        if self.status != "FAILED":
            return {"SUCCEEDED": "has ended", "STOPPED": "was stopped"}.get(self.status, f"is {self.status.lower()}")
        if self.driver_exit_code is not None:
            return f"failed: its driver ended with exit code {self.driver_exit_code}"
        return f"failed: {self.message.strip().split(chr(10), 1)[0]}"

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "job": self.id,
            "sweep": self.sweep or None,
            "status": self.status,
            "message": self.message or None,
            "entrypoint": self.entrypoint,
            "started": self.started,
            "ended": self.ended,
            "exit_code": self.exit_code if self.has_ended else None,
        }


def job_from_json(kept: Mapping[str, Any]) -> Job:
    """A job out of the API's answer."""
    metadata = kept.get("metadata") or {}
    return Job(
        id=kept.get("submission_id") or kept.get("job_id") or "",
        status=str(kept.get("status") or "PENDING"),
        sweep=metadata.get(SWEEP_KEY, ""),
        message=kept.get("message") or "",
        entrypoint=kept.get("entrypoint") or "",
        started=_seconds(kept.get("start_time")),
        ended=_seconds(kept.get("end_time")),
        driver_exit_code=kept.get("driver_exit_code"),
        ray_id=kept.get("job_id") or "",
    )


def _seconds(milliseconds: float | None) -> float | None:
    return milliseconds / 1000 if milliseconds else None


def new_id(sweep: str) -> str:
    """A name for a job that no other has, and that begins with its sweep's."""
    return f"{sweep}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


def submit(head: Head, submission: Submission, folder: Path) -> str:
    """Hand a job in, with all that lies in `folder` as its working directory; its id. ClusterError where that fails."""
    with _ray_client(head) as client:
        try:
            return str(
                client.submit_job(
                    entrypoint=submission.entrypoint,
                    submission_id=new_id(submission.sweep),
                    runtime_env=submission.runtime_env(folder),
                    metadata={SWEEP_KEY: submission.sweep, **submission.metadata},
                )
            )
        except (RuntimeError, ValueError, OSError) as error:  # of Ray's client, which has one for everything
            reason = str(error).strip().split("\n")[-1]
            raise ClusterError(f"the cluster at `{head.url}` takes no job: {reason}", "see its dashboard") from error


def job_of(head: Head, job: str) -> Job:
    """The job of this id; NoSuchJob where there is none."""
    return job_from_json(head.get(f"/api/jobs/{quote(job, safe='')}"))


def jobs_of(head: Head) -> list[Job]:
    """The jobs of the cluster, those of drivers that joined it by themselves included, the latest first."""
    found = [job_from_json(kept) for kept in head.get("/api/jobs/")]
    return sorted(found, key=lambda job: job.started or 0.0, reverse=True)


def find_job(head: Head, name: str | None, *, running: bool = False) -> Job:
    """The job of this id, else the latest of the sweep of this name; without a name the latest sweep.

    ConfigError, with the jobs there are, where there is none; with `running`, where none of them runs.
    """
    sweeps = [job for job in jobs_of(head) if job.sweep and not (running and job.has_ended)]
    named = [job for job in sweeps if name in (None, job.id)] or [job for job in sweeps if job.sweep == name]
    if named:
        return named[0]
    known = list(dict.fromkeys(word for job in sweeps for word in (job.sweep, job.id)))
    hint = did_you_mean(name or "", known) or f"`{command('cluster submit demo')}` hands one in"
    what = "running job" if running else "job"
    raise ConfigError(f"there is no {what}{f' `{name}`' if name else ''} at `{head.url}`", hint)


def stop_and_wait(head: Head, job: Job, sleep: Callable[[float], None] = time.sleep) -> Job:
    """Ask a job to end, as Ctrl-C does, and wait until it has: it saves for up to `STOP_WITHIN_S`."""
    head.post(f"/api/jobs/{quote(job.id, safe='')}/stop")
    for _ in range(STOP_WITHIN_S + 30):
        job = job_of(head, job.id)
        if job.has_ended:
            return job
        sleep(1.0)
    raise ClusterError(f"`{job.id}` does not end", "see the head's own logs")


def log_of(head: Head, job: str) -> str:
    """All that a job has printed so far; "" where its node is gone."""
    try:
        return str(head.get(f"/api/jobs/{quote(job, safe='')}/logs").get("logs") or "")
    except HeadFailed:  # Ray's word for a node that does not answer for its jobs any more
        return ""


@contextmanager
def _ray_client(head: Head) -> Iterator[Any]:
    """Ray's own client of its jobs, which zips and uploads the working directory; by `head`'s address and no other.

    Variables that name another cluster, and a proxy on the way to this machine itself, are put aside meanwhile.
    """
    from ray.job_submission import JobSubmissionClient

    logging.disable(logging.INFO)  # what it zips and uploads, line by line
    no_proxy = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost,::1")))
    try:
        with with_variables({**dict.fromkeys(OVERRULING), "NO_PROXY": no_proxy}):
            yield JobSubmissionClient(head.url, headers=head.headers)
    finally:
        logging.disable(logging.NOTSET)
