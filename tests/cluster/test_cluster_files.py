"""What ships in cluster/ must parse, and must not open a cluster to its network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CLUSTER = Path(__file__).resolve().parents[2] / "cluster"
FILES = sorted(path for path in CLUSTER.iterdir() if path.suffix in {".yaml", ".sbatch"} or path.name == "Dockerfile")
YAML_FILES = sorted(CLUSTER.glob("*.yaml"))


def text_without_comments(path: Path) -> str:
    return re.sub(r"(^|\s)#.*", "", path.read_text(encoding="utf-8"))


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((CLUSTER / name).read_text(encoding="utf-8")))


def containers() -> list[dict[str, Any]]:
    """The containers of the head and of every group of workers."""
    spec = next(document for document in documents("kuberay.yaml") if document["kind"] == "RayCluster")["spec"]
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    return [container for group in groups for container in group["template"]["spec"]["containers"]]


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_yaml_parses(path: Path) -> None:
    assert all(documents(path.name))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_token_authentication_is_switched_on(path: Path) -> None:
    assert re.search(r"RAY_AUTH_MODE(=token|\s+value: token)", text_without_comments(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_listens_on_every_interface(path: Path) -> None:
    assert "0.0.0.0" not in text_without_comments(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_token_is_written_down(path: Path) -> None:
    assert not re.search(r"RAY_AUTH_TOKEN(=|\s+value:)", text_without_comments(path))


@pytest.mark.parametrize("key", ["head_start_ray_commands", "worker_start_ray_commands"])
def test_every_ray_start_over_ssh_names_the_mode(key: str) -> None:
    starts = [command for command in documents("ray-cluster.yaml")[0][key] if "ray start" in command]
    assert [command for command in starts if not command.startswith("RAY_AUTH_MODE=token ")] == []


def test_the_dashboard_stays_on_loopback_over_ssh() -> None:
    head = documents("ray-cluster.yaml")[0]["head_start_ray_commands"][-1]
    assert "--dashboard-host=127.0.0.1" in head


def test_the_dashboard_stays_on_loopback_on_kubernetes() -> None:
    spec = next(document for document in documents("kuberay.yaml") if document["kind"] == "RayCluster")["spec"]
    assert spec["headGroupSpec"]["rayStartParams"]["dashboard-host"] == "127.0.0.1"


def test_every_container_takes_the_token_from_the_secret() -> None:
    sources = [
        variable["valueFrom"]["secretKeyRef"]["name"]
        for container in containers()
        for variable in container["env"]
        if variable["name"] == "RAY_AUTH_TOKEN"
    ]
    assert sources == ["ferray-ray-token"] * len(containers())


def test_the_manifest_names_the_ray_that_is_installed_by_the_pins() -> None:
    pins = (CLUSTER.parent / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.search(r"^ray(?:\[[^\]]*\])?==([\d.]+)", pins, flags=re.MULTILINE)
    spec = next(document for document in documents("kuberay.yaml") if document["kind"] == "RayCluster")["spec"]
    assert pinned is not None
    assert spec["rayVersion"] == pinned.group(1)


def test_the_batch_script_is_valid_bash() -> None:
    subprocess.run(["bash", "-n", str(CLUSTER / "slurm.sbatch")], check=True, timeout=20)


def test_the_batch_script_waits_longer_than_ray_does_by_default() -> None:
    wait = re.search(r"RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=(\d+)", text_without_comments(CLUSTER / "slurm.sbatch"))
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
    command = ["bash", str(CLUSTER / "slurm.sbatch"), *options]
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
