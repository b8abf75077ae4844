"""The kinds of clusters, and the files that each of them is rendered into."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ferray.cluster.settings import (
    Aws,
    Docker,
    Gcp,
    KubeRay,
    Local,
    Monitoring,
    OnPremises,
    Postgres,
    Settings,
    Slurm,
)
from ferray.cluster.templating import filled
from ferray.cluster.versions import VERSIONS
from ferray.errors import UnknownComponent, did_you_mean

README = "README.md"
# What the processes of Ray begin with: an answer that a cut link has lost is missed within a minute and a half,
# not after five minutes. Who asks a server of Ray's more than once a minute is hung up on.
KEEPALIVE = "RAY_grpc_client_keepalive_time_ms=61000 RAY_grpc_client_keepalive_timeout_ms=20000"
_NODE = "node/setup.sh"  # what every node does that installs ferray itself


@dataclass(frozen=True)
class Kind:
    """One way to have several machines: a line about it, what may be set, and the files it is made of."""

    name: str
    summary: str
    settings: type[Settings]
    files: tuple[str, ...]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "local",
            "machines that you log in to: `ray start` on each, by a script",
            Local,
            ("local/head.sh", "local/worker.sh", _NODE),
        ),
        Kind(
            "onprem",
            "machines that are reached by ssh: `ray up` starts and stops them",
            OnPremises,
            ("onprem.yaml", _NODE),
        ),
        Kind(
            "aws",
            "EC2: a head without a GPU, spot and on-demand GPU nodes from zero",
            Aws,
            ("aws.yaml", "aws-account.yaml", _NODE),
        ),
        Kind(
            "gcp",
            "Google Cloud: a head without a GPU, spot and on-demand GPU nodes from zero",
            Gcp,
            ("gcp.yaml", "gcp-account.sh", _NODE),
        ),
        Kind(
            "kuberay",
            "Kubernetes with the KubeRay operator: a cluster that stays, or one for a sweep",
            KubeRay,
            (
                "kuberay/namespace.yaml",
                "kuberay/storage.yaml",
                "kuberay/network.yaml",
                "kuberay/cluster.yaml",
                "kuberay/job.yaml",
            ),
        ),
        Kind("slurm", "a batch system: one job, Ray on all of its nodes", Slurm, ("slurm/sweep.sbatch",)),
        Kind(
            "docker",
            "the image of a node, for Kubernetes",
            Docker,
            ("docker/Dockerfile", "docker/Dockerfile.dockerignore"),
        ),
        Kind(
            "postgres", "a store for several drivers", Postgres, ("postgres/compose.yaml", "postgres/kubernetes.yaml")
        ),
        Kind(
            "monitoring",
            "Prometheus and Grafana with the dashboards that Ray writes",
            Monitoring,
            ("monitoring/compose.yaml", "monitoring/kubernetes.yaml"),
        ),
    )
}


def kind_called(name: str) -> Kind:
    """The kind of that name; UnknownComponent with the nearest one otherwise."""
    if name not in KINDS:
        raise UnknownComponent(f"`{name}` is not a kind of cluster", did_you_mean(name, KINDS))
    return KINDS[name]


def render(kind: str, settings: Settings | None = None) -> dict[str, str]:
    """The files of a kind by their paths below the folder, with its defaults where no settings are given."""
    found = kind_called(kind)
    return {file: filled(file, _values(settings or found.settings())) for file in found.files}


def render_all(folder: str = "cluster") -> dict[str, str]:
    """The folder `cluster/` with every default: the files of all kinds, and the page about them."""
    files = {README: filled(README, _values(Settings(folder=folder)))}
    for kind in KINDS.values():
        files |= render(kind.name, kind.settings(folder=folder))
    return files


def _values(settings: Settings) -> dict[str, Any]:
    """What templates know by name; `examples` are the settings whose lines say HERE."""
    ours = {**asdict(VERSIONS), "wheel_name": VERSIONS.wheel, "examples": settings.examples(), "keepalive": KEEPALIVE}
    return {**settings.model_dump(), **ours}
