"""The batch script for SLURM, with stand-ins for SLURM, Ray and ferray; tests/labs/test_slurm.py has real ones."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "cluster" / "slurm" / "sweep.sbatch"
# `srun` is the job's first node, `ray symmetric-run` runs what stands behind `--`, and `ferray` says what it sees.
STAND_INS = {
    "hostname": "echo '10.1.2.3 fe80::1'",
    "srun": 'export SLURM_PROCID=0; exec "$@"',
    "ray": '[[ $1 == stop ]] && exit; echo "ray $*"; for word; do shift; [[ $word == -- ]] && exec "$@"; done; exit 2',
    "ferray": """
        [[ $1 == --version ]] && exit
        echo "ferray $*"
        echo "mode=$RAY_AUTH_MODE token=$(stat -c %a "$RAY_AUTH_TOKEN_PATH")"
        exit "${CODE:-0}"
    """,
    "squeue": 'echo "${STATE:-RUNNING}"',
    "scontrol": 'echo "scontrol $*"',
}
UNTIL_STOPPED = "[[ $1 == --version ]] && exit; trap 'kill $!; exit 130' TERM; sleep 20 & echo training; wait"


@pytest.fixture
def job(tmp_path: Path) -> dict[str, str]:
    """The environment of a job on two nodes."""
    for name, body in STAND_INS.items():
        stand_in(tmp_path, name, body)
    return {
        "PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "USER": "someone",
        "SLURM_JOB_ID": "41",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_CPUS_PER_TASK": "32",
        "SLURM_GPUS_ON_NODE": "4",
        "SLURM_SUBMIT_DIR": str(tmp_path),
    }


def stand_in(home: Path, name: str, body: str) -> None:
    path = home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@contextmanager
def started(job: dict[str, str], *options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The script at work, of whose processes none is left behind, whatever becomes of the test."""
    command, pipe = ["bash", str(SCRIPT), *options], subprocess.PIPE
    place = {**job, **environment}
    with subprocess.Popen(command, env=place, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as running:
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


def submit(job: dict[str, str], *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    with started(job, *options, **environment) as running:
        said, told = running.communicate(timeout=600)
    return subprocess.CompletedProcess(running.args, running.returncode, said, told)


def submit_and_warn(job: dict[str, str], **environment: str) -> tuple[int, list[str]]:
    """Exit code and words of a job that SLURM signals while its sweep trains."""
    stand_in(Path(job["HOME"]), "ferray", UNTIL_STOPPED)
    with started(job, "sfew", **environment) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line == "training\n":
                break
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=600)[0].splitlines()
    return running.returncode, said


def test_it_leads_the_sweep_from_its_first_node(job: dict[str, str]) -> None:
    assert f"ferray sweep --gpus-per-trial 1 --output {job['HOME']}/runs sfew --trials 3 --address auto" in (
        submit(job, "sfew", "--trials", "3").stdout.splitlines()
    )


def test_options_stand_behind_the_scripts_own_choices(job: dict[str, str]) -> None:
    words = submit(job, "sfew", "--output", "s3://bucket/runs", "--gpus-per-trial", "0.5").stdout.split()
    assert [words[at + 1] for at in range(len(words)) if words[at] == "--output"][-1] == "s3://bucket/runs"
    assert [words[at + 1] for at in range(len(words)) if words[at] == "--gpus-per-trial"][-1] == "0.5"


def test_ray_starts_on_all_its_nodes_with_what_they_have(job: dict[str, str]) -> None:
    started = submit(job, "sfew").stdout.splitlines()[0]
    assert started.startswith(
        "ray symmetric-run --address 10.1.2.3:20041 --min-nodes 2 --num-cpus=32 --num-gpus=4 "
        "--dashboard-host=127.0.0.1 -- bash"
    )


def test_it_waits_longer_for_nodes_than_ray_does_by_default() -> None:
    wait = re.search(r"RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=(\d+)", SCRIPT.read_text(encoding="utf-8"))
    assert wait is not None
    assert int(wait.group(1)) > 30


def test_the_token_is_readable_by_its_owner_alone(job: dict[str, str]) -> None:
    assert "mode=token token=600" in submit(job, "sfew").stdout


def test_the_token_goes_with_the_job(job: dict[str, str]) -> None:
    submit(job, "sfew")
    assert list((Path(job["HOME"]) / ".ferray").iterdir()) == []


def test_the_exit_code_is_the_sweeps(job: dict[str, str]) -> None:
    assert submit(job, "sfew", CODE="4").returncode == 4


def test_a_lost_node_does_not_fail_a_sweep_that_finished(job: dict[str, str]) -> None:
    stand_in(Path(job["HOME"]), "srun", 'export SLURM_PROCID=0; "$@"; exit 143')
    assert submit(job, "sfew").returncode == 0


def test_a_job_without_a_space_says_how_it_is_used(job: dict[str, str]) -> None:
    done = submit(job)
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "usage")


def test_a_job_without_ferray_says_so_before_any_node_starts(job: dict[str, str]) -> None:
    done = submit(job, "sfew", PATH="/usr/bin:/bin")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: `ferray` is not on the job's PATH")


def test_a_job_whose_ferray_does_not_run_there_says_so_before_any_node_starts(job: dict[str, str]) -> None:
    (Path(job["HOME"]) / "bin" / "ferray").write_text("#!/gone/bin/python\n")
    done = submit(job, "sfew")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: `ferray` does not run on 10.1.2.3" in done.stderr


def test_a_job_at_its_time_limit_saves_and_goes_back_into_the_queue(job: dict[str, str]) -> None:
    code, said = submit_and_warn(job)
    assert (code, said[-1]) == (130, "scontrol requeue 41")


def test_a_cancelled_job_does_not_go_back_into_the_queue(job: dict[str, str]) -> None:
    code, said = submit_and_warn(job, STATE="COMPLETING")
    assert (code, said) == (130, [])


def test_a_job_that_gets_nowhere_ends(job: dict[str, str]) -> None:
    code, said = submit_and_warn(job, SLURM_RESTART_COUNT="20")
    assert (code, said) == (130, [])


def test_slurm_warns_the_script_and_not_ray() -> None:
    assert "#SBATCH --signal=B:TERM@60\n" in SCRIPT.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--requeue", "--open-mode=append", "--exclusive"])
def test_slurm_is_told(option: str) -> None:
    assert f"#SBATCH {option}\n" in SCRIPT.read_text(encoding="utf-8")


@pytest.fixture
def head(job: dict[str, str]) -> Iterator[socket.socket]:
    """The port that a job's other nodes look at; `job` becomes the environment of one of those."""
    stand_in(Path(job["HOME"]), "hostname", "echo 127.0.0.1")
    stand_in(Path(job["HOME"]), "srun", 'export SLURM_PROCID=1; exec "$@"')
    stand_in(Path(job["HOME"]), "sleep", "exec /bin/sleep 0.05")
    with socket.socket() as listening:
        _bind(listening, range(20_000, 30_000))
        listening.listen()
        job["SLURM_JOB_ID"] = str(listening.getsockname()[1] - 20_000)
        yield listening


def _bind(listening: socket.socket, ports: range) -> None:
    for port in ports:
        with suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return


def test_a_node_ends_once_the_port_of_the_head_refuses(job: dict[str, str], head: socket.socket) -> None:
    stand_in(Path(job["HOME"]), "ray", 'echo "$1"; [[ $1 == stop ]] || exec /bin/sleep 60')
    with started(job, "sfew") as node:
        head.accept()[0].close()
        head.close()
        assert node.wait(timeout=600) == 0


def test_a_node_whose_head_never_comes_ends_as_ray_does(job: dict[str, str], head: socket.socket) -> None:
    stand_in(Path(job["HOME"]), "ray", "exit 1")
    head.close()
    with started(job, "sfew") as node:
        assert node.wait(timeout=600) == 1


def test_a_node_that_ray_has_dropped_joins_again(job: dict[str, str], head: socket.socket) -> None:
    stand_in(Path(job["HOME"]), "ray", 'echo "$1"; exit 1')
    with started(job, "sfew") as node:
        assert node.stdout is not None
        assert [node.stdout.readline() for _ in range(2)] == ["symmetric-run\n"] * 2
        head.close()
        assert node.wait(timeout=600) == 0
