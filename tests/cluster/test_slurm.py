"""The batch script of cluster/slurm/, run with stand-ins for SLURM's commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.shipped import CLUSTER, text_without_comments

SCRIPT = CLUSTER / "slurm" / "sweep.sbatch"


def test_the_batch_script_is_valid_bash() -> None:
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True, timeout=20)


def test_the_batch_script_waits_longer_than_ray_does_by_default() -> None:
    wait = re.search(r"RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=(\d+)", text_without_comments(SCRIPT))
    assert wait is not None
    assert int(wait.group(1)) > 30


@pytest.fixture
def slurm_job(tmp_path: Path) -> dict[str, str]:
    """The environment of a job on two nodes, with stand-ins for the two SLURM commands that the script calls.

    `srun` answers for `hostname`; otherwise it tells the permissions of the token file and what it was to start.
    """
    _executable(tmp_path / "bin" / "scontrol", "printf 'node1\\nnode2\\n'")
    _executable(
        tmp_path / "bin" / "srun",
        'case "$*" in *hostname*) echo "10.1.2.3 fe80::1";;\n'
        '*) echo "mode=$RAY_AUTH_MODE token=$(stat -c %a "$RAY_AUTH_TOKEN_PATH")"; echo "$*";; esac',
    )
    return {
        "PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "USER": "someone",
        "SLURM_JOB_ID": "41",
        "SLURM_JOB_NODELIST": "node[1-2]",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_CPUS_PER_TASK": "32",
        "SLURM_GPUS_ON_NODE": "4",
        "SLURM_SUBMIT_DIR": str(tmp_path),
    }


def _executable(path: Path, body: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def submit(job: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(SCRIPT), *options]
    return subprocess.run(command, env=job, capture_output=True, text=True, timeout=20, check=False)


def test_the_batch_script_leads_the_sweep_from_its_first_node(slurm_job: dict[str, str]) -> None:
    started = submit(slurm_job, "sfew", "--trials", "3").stdout.splitlines()[-1]
    assert started == (
        "ray symmetric-run --address 10.1.2.3:20041 --min-nodes 2 --num-cpus=32 --num-gpus=4 "
        f"-- ferray sweep --gpus-per-trial 1 sfew --trials 3 --address auto --output {slurm_job['HOME']}/runs"
    )


def test_the_token_of_a_job_is_readable_by_its_owner_alone(slurm_job: dict[str, str]) -> None:
    assert "mode=token token=600" in submit(slurm_job, "sfew").stdout


def test_the_token_of_a_job_goes_with_the_job(slurm_job: dict[str, str]) -> None:
    submit(slurm_job, "sfew")
    assert list((Path(slurm_job["HOME"]) / ".ray").iterdir()) == []


def test_the_batch_script_without_a_space_says_how_it_is_used(slurm_job: dict[str, str]) -> None:
    done = submit(slurm_job)
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "usage")
