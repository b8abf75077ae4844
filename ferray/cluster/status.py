"""What a cluster has and does: its nodes, their GPUs, its jobs, and what waits for which resources, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ferray.cluster.head import Head
from ferray.cluster.jobs import Job, jobs_of
from ferray.text.counting import counted, gibibytes

MOST_LISTED = 10_000  # by Ray's server, in one answer
_USAGE = re.compile(r"([0-9.]+)/([0-9.]+) (CPU|GPU)")
_TYPE = "accelerator_type:"
_TYPE_LABEL = "ray.io/accelerator-type"


@dataclass(frozen=True)
class Node:
    """A node that lives; what it has, and how much of it is taken, which is None for a moment after it has joined."""

    id: str
    ip: str
    is_head: bool
    resources: Mapping[str, float]
    used: Mapping[str, float] | None
    accelerator: str = ""

    def of(self, resource: str) -> str:
        """`1.5/4` of a resource; `-` for one that it has not."""
        total = self.resources.get(resource, 0.0)
        if not total:
            return "-"
        taken = "?" if self.used is None else f"{self.used.get(resource, 0.0):g}"
        return f"{taken}/{total:g}"


@dataclass(frozen=True)
class Waiting:
    """So many workers of one shape that have no place yet, and why."""

    count: int
    shape: Mapping[str, float]
    labels: Mapping[str, str]
    sweep: str
    why: str

    @property
    def sentence(self) -> str:
        """`sfew waits for 2 workers of 1 CPU and 1 GPU: all that ...`."""
        labels = "".join(f", {name.rpartition('/')[2]} {value}" for name, value in self.labels.items())
        what = f"{counted(self.count, 'worker')} of {shape_text(self.shape)}{labels}"
        return f"{self.sweep or 'a driver'} waits for {what}: {self.why}"


@dataclass(frozen=True)
class ClusterStatus:
    """A cluster at one moment. `autoscaler` are its own lines on nodes that start or could not be started."""

    nodes: Sequence[Node]
    jobs: Sequence[Job]
    waiting: Sequence[Waiting]
    autoscaler: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "nodes": [
                {
                    "node": node.id,
                    "ip": node.ip,
                    "head": node.is_head,
                    "accelerator": node.accelerator or None,
                    "total": {name: node.resources.get(name, 0.0) for name in ("CPU", "GPU", "memory")},
                    "used": None if node.used is None else dict(node.used),
                }
                for node in self.nodes
            ],
            "jobs": [job.to_json() for job in self.jobs],
            "waiting": [
                {"sweep": one.sweep or None, "count": one.count, "shape": dict(one.shape), "labels": dict(one.labels)}
                | {"why": one.why}
                for one in self.waiting
            ],
            "autoscaler": list(self.autoscaler),
        }


def read_status(head: Head) -> ClusterStatus:
    """The cluster of a head as it is now."""
    nodes, jobs = _nodes(head), jobs_of(head)
    formatted = (head.get("/api/cluster_status", format=1).get("data") or {}).get("clusterStatus") or ""
    return ClusterStatus(nodes, jobs, _waiting(head, nodes, jobs), autoscaler_lines(formatted))


def shape_text(shape: Mapping[str, float]) -> str:
    """`1 CPU, 0.5 GPU and 16 GiB of memory`."""
    words = [f"{count:g} {name}" for name, count in sorted(shape.items()) if name != "memory"]
    if "memory" in shape:
        words.append(f"{gibibytes(int(shape['memory']))} of memory")
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:]))) or "nothing"


def autoscaler_lines(formatted: str) -> list[str]:
    """What Ray's autoscaler says of nodes that are pending or have failed, out of what `ray status` prints."""
    found, section = [], ""
    for line in formatted.splitlines():
        if line and not line[0].isspace():
            section = line.rstrip(":")
        elif section in ("Pending", "Recent failures") and line.strip() and not line.strip().startswith("(no "):
            found.append(f"{section.lower()}: {line.strip()}")
    return found


def _listed(head: Head, what: str) -> list[dict[str, Any]]:
    answer = head.get(f"/api/v0/{what}", detail=1, limit=MOST_LISTED)
    found: list[dict[str, Any]] = ((answer.get("data") or {}).get("result") or {}).get("result") or []
    return found


def _nodes(head: Head) -> list[Node]:
    usage = (head.get("/nodes", view="summary").get("data") or {}).get("nodeLogicalResources") or {}
    living = [kept for kept in _listed(head, "nodes") if kept.get("state") == "ALIVE"]
    nodes = [_node(kept, usage.get(kept.get("node_id"))) for kept in living]
    return sorted(nodes, key=lambda node: (not node.is_head, node.ip, node.id))


def _node(kept: Mapping[str, Any], usage: str | None) -> Node:
    total = kept.get("resources_total") or {}
    named = (name.removeprefix(_TYPE) for name in total if name.startswith(_TYPE))
    accelerator = (kept.get("labels") or {}).get(_TYPE_LABEL) or next(named, "")
    used = None if usage is None else {name: float(taken) for taken, _, name in _USAGE.findall(usage)}
    return Node(kept["node_id"], kept.get("node_ip") or "", bool(kept.get("is_head_node")), total, used, accelerator)


def _waiting(head: Head, nodes: Sequence[Node], jobs: Iterable[Job]) -> list[Waiting]:
    """Placement groups without a place, of which Tune asks for one a worker, by shape and sweep."""
    sweeps = {job.ray_id: job.sweep for job in jobs if job.ray_id}
    counted_shapes: Counter[tuple[str, tuple[tuple[str, float], ...], tuple[tuple[str, str], ...]]] = Counter()
    for group in _listed(head, "placement_groups"):
        if group.get("state") in ("PENDING", "RESCHEDULING"):
            shape, labels = _asked(group.get("bundles") or [])
            sweep = sweeps.get(group.get("creator_job_id", ""), "")
            counted_shapes[sweep, tuple(sorted(shape.items())), tuple(sorted(labels.items()))] += 1
    return [
        Waiting(count, dict(shape), dict(labels), sweep, why_waiting(dict(shape), dict(labels), nodes))
        for (sweep, shape, labels), count in counted_shapes.items()
    ]


def _asked(bundles: Iterable[Mapping[str, Any]]) -> tuple[dict[str, float], dict[str, str]]:
    """What a group's bundles ask for together, and the labels they select nodes by."""
    shape: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for bundle in bundles:
        asked = bundle.get("unit_resources") or bundle.get("unitResources") or bundle.get("resources") or {}
        shape.update({name: float(count) for name, count in asked.items() if float(count)})
        labels.update(bundle.get("label_selector") or bundle.get("labelSelector") or {})
    return dict(shape), labels


def why_waiting(shape: Mapping[str, float], labels: Mapping[str, str], nodes: Sequence[Node]) -> str:
    """Whether any node could hold it, and if so, that those are taken."""
    wanted = labels.get(_TYPE_LABEL)
    fitting = [node for node in nodes if wanted in (None, node.accelerator) and _fits(shape, node)]
    if not fitting:
        return "no node of the cluster has that, now: an autoscaler may start one"
    return f"{counted(len(fitting), 'node')} could hold one, and {'it is' if len(fitting) == 1 else 'all are'} taken"


def _fits(shape: Mapping[str, float], node: Node) -> bool:
    return all(node.resources.get(name, 0.0) >= count for name, count in shape.items())
