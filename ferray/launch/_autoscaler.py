"""Whether somebody starts nodes for a cluster as they are wanted, and what that one says of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray._raylet import GcsClient  # type: ignore[attr-defined]  # compiled, without stubs
from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply
from ray.experimental.internal_kv import _internal_kv_get

_STATUS = b"__autoscaling_status"  # of Ray's first autoscaler; the second one's is had from the head
_READ_ONLY = "node_"  # what a type begins with where nodes are only counted
_WITHIN_S = 5


@dataclass(frozen=True)
class Autoscaler:
    """What it starts, by type of node, what it could not start and why, and what it has no type of node for."""

    starting: tuple[tuple[str, int], ...] = ()
    failed: tuple[str, ...] = ()
    infeasible: int = 0

    def __str__(self) -> str:
        """`2 nodes of type gpu are starting`; "" where there is nothing to tell."""
        starting = [f"{count} of type `{kind}`" for kind, count in self.starting]
        parts = [f"it starts {', '.join(starting)}"] if starting else []
        parts += [f"it could not start {words}" for words in self.failed]
        parts += ["no type of its nodes has what is asked for"] if self.infeasible else []
        return "; ".join(parts)


def autoscaler_now() -> Autoscaler | None:
    """The autoscaler of the cluster that this process is connected to, None where nobody starts nodes for it."""
    reply = GetClusterStatusReply()
    head = ray.get_runtime_context().gcs_address
    reply.ParseFromString(GcsClient(head).get_cluster_status(timeout_s=_WITHIN_S))
    return second_autoscaler(reply) or first_autoscaler(_internal_kv_get(_STATUS))


def first_autoscaler(status: bytes | None) -> Autoscaler | None:
    """By what Ray's first autoscaler leaves in the head's store."""
    report: dict[str, Any] = json.loads(status).get("autoscaler_report", {}) if status else {}
    pending = Counter({kind: int(count) for kind, count in (report.get("pending_launches") or {}).items()})
    pending.update(kind for _, kind, *_ in report.get("pending_nodes") or ())
    running = [*(report.get("active_nodes") or {}), *(report.get("idle_nodes") or {})]
    if not _names_types([*pending, *running]):
        return None
    availabilities = (report.get("node_availability_summary") or {}).get("node_availabilities") or {}
    failed = [words for kind, facts in sorted(availabilities.items()) if (words := _unavailable(kind, facts))]
    return Autoscaler(tuple(sorted(pending.items())), tuple(failed))


def second_autoscaler(reply: GetClusterStatusReply) -> Autoscaler | None:
    """By what Ray's second autoscaler tells the head."""
    state = reply.autoscaling_state
    if not state.autoscaler_state_version or not _names_types(
        node.ray_node_type_name for node in reply.cluster_resource_state.node_states
    ):
        return None
    starting = Counter(node.ray_node_type_name for node in state.pending_instances)
    for request in state.pending_instance_requests:
        starting[request.ray_node_type_name] += request.count
    failed = {f"`{request.ray_node_type_name}`: {request.reason}" for request in state.failed_instance_requests}
    infeasible = len(state.infeasible_resource_requests) + len(state.infeasible_gang_resource_requests)
    return Autoscaler(tuple(sorted(starting.items())), tuple(sorted(failed)), infeasible)


def _names_types(kinds: Iterable[str]) -> bool:
    return any(kind and not kind.startswith(_READ_ONLY) for kind in kinds)


def _unavailable(kind: str, facts: Mapping[str, Any]) -> str:
    why = facts.get("unavailable_node_information") or {}
    return f"`{kind}`: {why.get('description') or why.get('category') or 'no reason is given'}" if why else ""
