"""The files of cluster/ as tests look at them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ferray.cluster.checks.document import read_documents

CLUSTER = Path(__file__).resolve().parents[2] / "cluster"
FILES = sorted(path for path in CLUSTER.rglob("*") if path.is_file() and path.name != "requirements.txt")
USED = [path for path in FILES if path.suffix != ".md"]
OF_RAY_UP = ("onprem.yaml", "aws.yaml", "gcp.yaml")
OF_KUBERAY = ("kuberay/cluster.yaml", "kuberay/job.yaml")
STARTS_RAY = (*OF_RAY_UP, *OF_KUBERAY, "local/head.sh", "local/worker.sh", "slurm/sweep.sbatch", "docker/Dockerfile")


def named(path: Path) -> str:
    return path.relative_to(CLUSTER).as_posix()


def text_without_comments(path: Path) -> str:
    return re.sub(r"(^|\s)#.*", "", path.read_text(encoding="utf-8"))


def documents(name: str) -> list[Any]:
    return [document.value for document in read_documents((CLUSTER / name).read_text(encoding="utf-8"))]


def ray_cluster(name: str) -> dict[str, Any]:
    """The specification of the Ray cluster in a file of kuberay/."""
    (document,) = documents(name)
    spec: dict[str, Any] = document["spec"]
    found: dict[str, Any] = spec.get("rayClusterSpec", spec)
    return found


def groups(name: str) -> list[dict[str, Any]]:
    """The pods of the head and of every group of workers."""
    spec = ray_cluster(name)
    return [spec["headGroupSpec"], *spec["workerGroupSpecs"]]


def pod_specs() -> list[dict[str, Any]]:
    """Every pod that the files of kuberay/, postgres/ and monitoring/ describe."""
    found = [group["template"]["spec"] for name in OF_KUBERAY for group in groups(name)]
    found.append(documents("kuberay/job.yaml")[0]["spec"]["submitterPodTemplate"]["spec"])
    found += [
        document["spec"]["template"]["spec"]
        for document in documents("postgres/kubernetes.yaml")
        if document["kind"] == "StatefulSet"
    ]
    return found
