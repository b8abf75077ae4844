"""What is said of who starts nodes, by what Ray's two autoscalers tell the head."""

from __future__ import annotations

import json

from ray.core.generated.autoscaler_pb2 import (
    AutoscalingState,
    ClusterResourceState,
    FailedInstanceRequest,
    GangResourceRequest,
    GetClusterStatusReply,
    NodeState,
    PendingInstance,
    PendingInstanceRequest,
)

from ferray.launch._autoscaler import Autoscaler, first_autoscaler, second_autoscaler


def first(**report: object) -> Autoscaler | None:
    return first_autoscaler(json.dumps({"autoscaler_report": report}).encode())


def second(*kinds: str, version: int = 1, **state: object) -> Autoscaler | None:
    nodes = ClusterResourceState(node_states=[NodeState(ray_node_type_name=kind) for kind in kinds])
    scaling = AutoscalingState(autoscaler_state_version=version, **state)  # type: ignore[arg-type]  # fields of it
    return second_autoscaler(GetClusterStatusReply(cluster_resource_state=nodes, autoscaling_state=scaling))


def test_cluster_whose_nodes_are_only_counted_has_no_autoscaler() -> None:
    assert first_autoscaler(None) is None
    assert first(active_nodes={"node_a1": 1}, pending_nodes=[], pending_launches={}) is None
    assert second("") is None
    assert second("headgroup", version=0) is None


def test_first_autoscaler_says_what_it_starts_and_what_it_could_not() -> None:
    why = {"unavailable_node_information": {"category": "capacity", "description": "no capacity in eu-1"}}
    said = first(
        active_nodes={"head": 1},
        pending_nodes=[["10.0.0.3", "gpu", "setting-up"]],
        pending_launches={"gpu": 1},
        node_availability_summary={"node_availabilities": {"spot": why}},
    )
    assert str(said) == "it starts 2 of type `gpu`; it could not start `spot`: no capacity in eu-1"


def test_second_autoscaler_says_what_it_starts_and_what_it_could_not() -> None:
    said = second(
        "headgroup",
        pending_instances=[PendingInstance(ray_node_type_name="gpu")],
        pending_instance_requests=[PendingInstanceRequest(ray_node_type_name="gpu", count=2)],
        failed_instance_requests=[FailedInstanceRequest(ray_node_type_name="spot", count=1, reason="quota")],
    )
    assert str(said) == "it starts 3 of type `gpu`; it could not start `spot`: quota"


def test_wish_that_no_type_of_node_grants_is_said() -> None:
    said = second("headgroup", infeasible_gang_resource_requests=[GangResourceRequest(details="x")])
    assert str(said) == "no type of its nodes has what is asked for"


def test_autoscaler_with_nothing_to_do_says_nothing() -> None:
    assert str(second("headgroup")) == ""
