"""What may be set of each kind of cluster, checked before a file is rendered.

Every text is of a few signs that mean nothing to YAML, bash or a Dockerfile, so that no value can end the line it
stands in. A default that no account has, such as `head.example`, is to be changed before the files are used.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from ferray.cluster.versions import VERSIONS
from ferray.cluster.words import PLAIN, sign_pattern
from ferray.registry import Params

Name = Annotated[str, sign_pattern("a name", "small letters, digits and `-`", r"[a-z][a-z0-9-]{0,39}"), PLAIN]
Host = Annotated[
    str, sign_pattern("a host", "letters, digits, `.`, `:` and `-`", r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}"), PLAIN
]
User = Annotated[str, sign_pattern("a user", "small letters, digits, `_` and `-`", r"[a-z_][a-z0-9_-]{0,31}"), PLAIN]
Label = Annotated[str, sign_pattern("a name", "letters, digits, `.`, `_` and `-`", r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")]
Word = Annotated[Label, PLAIN]
File = Annotated[
    str,
    sign_pattern(
        "a path", "letters, digits, `/`, `.`, `_`, `~`, `+` and `-`", r"[A-Za-z0-9/.~_][A-Za-z0-9/._~+-]{0,254}"
    ),
]
OwnFolder = Annotated[
    str,
    sign_pattern(
        "a path",
        "letters, digits, `/`, `.`, `_`, `~`, `+` and `-`, and may end in `$UID`",
        r"[A-Za-z0-9/.~_][A-Za-z0-9/._~+-]{0,250}(\$UID)?",
    ),
]
Image = Annotated[
    str,
    sign_pattern("an image", "letters, digits, `/`, `.`, `_`, `:`, `@` and `-`", r"[a-z0-9][A-Za-z0-9/._:@-]{0,254}"),
    PLAIN,
]
Quantity = Annotated[str, sign_pattern("a size of Kubernetes", "the form of `64Gi`", r"[1-9][0-9]{0,5}(Mi|Gi|Ti)")]
Port = Annotated[int, Field(ge=1024, le=65535)]


def _network(text: str) -> str:
    """A block of addresses that is not the whole world."""
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"is `{text}`, which is no block of addresses such as `203.0.113.7/32`") from error
    if network.prefixlen == 0:
        raise ValueError(f"is `{text}`, which lets the whole world knock: name the addresses that you come from")
    return str(network)


Network = Annotated[str, AfterValidator(_network)]
Addresses = Annotated[tuple[Host, ...], Field(min_length=1, max_length=200)]


class Settings(Params):
    """What every kind has."""

    folder: File = "cluster"
    """The folder of these files, as their own commands name it; `--to` sets it."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ()
    """Of which the default is an example that no account has."""

    def examples(self) -> list[str]:
        """What still has the default of an example, and is to be changed before the files are used."""
        defaults = type(self)()
        return [name for name in self.EXAMPLES if getattr(self, name) == getattr(defaults, name)]


class NodeSettings(Settings):
    """Of nodes that install ferray themselves, from a wheel that `make wheel` writes."""

    wheel: File = f"dist/{VERSIONS.wheel}"
    """The wheel, from where the cluster is started."""
    port: Port = 6379
    """Where the nodes find the head."""
    data: File = "/shared/data"
    """FERRAY_DATA on the nodes that see it; the others get the packs from the head."""
    cache: OwnFolder = "/tmp/ferray-cache-$UID"
    """FERRAY_CACHE, a folder on each node's own disk; with `$UID` at its end each user has one."""
    session: File = "~/ferray/tmp"
    """RAY_TMPDIR, a folder of the user's alone; a shorter one where the home's path is longer than 25 signs."""


class Local(NodeSettings):
    """Several nodes by `ray start`."""


class OnPremises(NodeSettings):
    """Machines that are reached by ssh."""

    EXAMPLES = ("head", "workers")

    name: Name = "ferray"
    """What the cluster is called."""
    head: Host = "head.example"
    """The machine that runs `ferray sweep`, as the others reach it."""
    workers: Addresses = ("worker-1.example", "worker-2.example")
    """The machines that train."""
    ssh_user: User = "ubuntu"
    """Who may log in on all of them without a password."""


class Cloud(NodeSettings):
    """What AWS and Google Cloud have in common."""

    name: Name = "ferray"
    """What the cluster is called, and what its roles, its network and its nodes' tags are called after."""
    ssh_from: Network = "203.0.113.0/24"
    """The only addresses that ssh is open to."""
    ssh_user: User = "ubuntu"
    """The user of the images."""
    max_gpu_nodes: int = Field(4, ge=1, le=1000)
    """At most so many GPU nodes, of either kind."""
    min_gpu_nodes: int = Field(0, ge=0, le=1000)
    """So many stay when nothing runs: they cost money."""
    idle_minutes: int = Field(10, ge=1, le=1440)
    """A node that has done nothing for so long is given back."""
    market: Literal["spot", "on-demand", "spot-first"] = "spot-first"
    """Spot nodes alone, on-demand nodes alone, or spot nodes and on-demand ones where there are none."""
    disk_gib: int = Field(200, ge=50, le=16000)
    """Of each node."""

    @model_validator(mode="after")
    def _keeps_what_it_may_have(self) -> Cloud:
        if self.min_gpu_nodes > self.max_gpu_nodes:
            raise ValueError(f"min_gpu_nodes is `{self.min_gpu_nodes}`, max_gpu_nodes only `{self.max_gpu_nodes}`")
        return self


class Aws(Cloud):
    """EC2."""

    EXAMPLES = ("ssh_from", "bucket")

    region: Word = "us-west-2"
    """Where it runs."""
    head_type: Word = "m6i.xlarge"
    """The head's machine: no trial runs on it."""
    gpu_type: Word = "g5.2xlarge"
    """The workers' machine."""
    image: Annotated[
        str,
        sign_pattern(
            "an image of AWS",
            "the form of `ami-0123456789abcdef0`",
            r"(ami-[0-9a-f]{8,17}|resolve:ssm:[A-Za-z0-9/._-]+)",
        ),
    ] = "resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
    """With NVIDIA's driver: an id, or the parameter that names the newest one."""
    security_group: (
        Annotated[str, sign_pattern("a security group", "the form of `sg-0123456789abcdef0`", r"sg-[0-9a-f]{8,17}")]
        | None
    ) = None
    """The group of the nodes by its id, for an account with several networks; else by the cluster's name."""
    bucket: Word = "ferray-example"
    """The S3 bucket for data and results: `--output s3://BUCKET/runs`."""


class Gcp(Cloud):
    """Compute Engine."""

    EXAMPLES = ("ssh_from", "project", "bucket")

    name: Annotated[
        str, sign_pattern("a name", "at most 21 small letters, digits and `-`", r"[a-z][a-z0-9-]{0,20}"), PLAIN
    ] = "ferray"
    """What the cluster is called, and what its network, its accounts and its nodes' tags are called after."""

    project: Word = "my-project"
    """The project's id."""
    region: Word = "us-central1"
    """Where it runs."""
    zone: Word = "us-central1-a"
    """In which part of it."""
    head_type: Word = "n2-standard-4"
    """The head's machine: no trial runs on it."""
    gpu_type: Word = "g2-standard-8"
    """The workers' machine."""
    accelerator: Word = "L4"
    """The GPU by Ray's name for it, which trials may ask for."""
    gpus: int = Field(1, ge=1, le=16)
    """GPUs of a worker."""
    cpus: int = Field(8, ge=1, le=416)
    """Cores of a worker."""
    image: File = "projects/deeplearning-platform-release/global/images/family/common-cu129-ubuntu-2404-nvidia-580"
    """With NVIDIA's driver."""
    bucket: Word = "ferray-example"
    """The bucket for data and results: `--output gs://BUCKET/runs`."""


class KubeRay(Settings):
    """Kubernetes with the KubeRay operator."""

    name: Name = "ferray"
    """What the cluster is called."""
    namespace: Name = "ferray"
    """The namespace of everything here."""
    operator_namespace: Name = "kuberay-system"
    """Where the operator runs, which looks after the head."""
    image: Image = f"ferray:{VERSIONS.ferray}"
    """What `docker/` builds, as the nodes pull it."""
    workers: int = Field(2, ge=1, le=1000)
    """At most so many GPU pods."""
    min_workers: int = Field(0, ge=0, le=1000)
    """So many stay when nothing runs."""
    idle_seconds: int = Field(600, ge=60, le=86400)
    """A worker that has done nothing for so long goes."""
    gpus: int = Field(1, ge=1, le=16)
    """GPUs of a worker."""
    cpus: int = Field(8, ge=1, le=416)
    """Cores of a worker."""
    memory: Quantity = "32Gi"
    """Memory of a worker."""
    head_cpus: int = Field(4, ge=1, le=416)
    """Cores of the head."""
    head_memory: Quantity = "16Gi"
    """Memory of the head."""
    storage: Quantity = "200Gi"
    """The volume that all pods share."""
    storage_class: Word | None = None
    """A class that can be written by several nodes; without one, the cluster's default."""
    space: Word = "sfew"
    """What the RayJob searches."""

    @model_validator(mode="after")
    def _keeps_what_it_may_have(self) -> KubeRay:
        if self.min_workers > self.workers:
            raise ValueError(f"min_workers is `{self.min_workers}`, workers only `{self.workers}`")
        return self


class Slurm(Settings):
    """A batch system."""

    nodes: int = Field(2, ge=1, le=1000)
    """Nodes of the job."""
    gpus: int = Field(4, ge=0, le=16)
    """GPUs of a node."""
    cpus: int = Field(32, ge=1, le=512)
    """Cores of a node."""
    time: Annotated[
        str, sign_pattern("a time of SLURM", "the form of `12:00:00`", r"([0-9]+-)?[0-9]{1,2}:[0-9]{2}:[0-9]{2}")
    ] = "12:00:00"
    """The job's time limit."""
    partition: Label | None = None
    """The partition; without one, the site's default."""
    account: Label | None = None
    """Who pays; without one, the user's default."""
    warning_s: int = Field(60, ge=30, le=3600)
    """So long before the time limit the trials are saved; an epoch takes less, or its trial loses what it has of it."""
    restarts: int = Field(20, ge=0, le=1000)
    """At its time limit the job goes back into the queue at most so often."""


class Docker(Settings):
    """The image of every node."""

    wheel: File = f"dist/{VERSIONS.wheel}"
    """The wheel, from the folder that the image is built in."""
    user_id: int = Field(1000, ge=1, le=65533)
    """Whom it runs as."""


class Postgres(Settings):
    """The store of several drivers."""

    version: int = Field(17, ge=13, le=17)
    """PostgreSQL's."""
    port: Port = 5432
    """Where it listens."""
    namespace: Name = "ferray"
    """On Kubernetes, the namespace of everything here."""
    storage: Quantity = "10Gi"
    """On Kubernetes, the volume of the database."""


class Monitoring(Settings):
    """Prometheus and Grafana."""

    prometheus_port: Port = 9090
    """On the loopback of the head."""
    grafana_port: Port = 3000
    """On the loopback of the head."""
    namespace: Name = "ferray"
    """On Kubernetes, the namespace of everything here."""
