"""What a cluster has, who has it, and what waits for what it has not."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.cluster.head import Head
from ferray.cluster.status import ClusterStatus, autoscaler_lines, read_status, shape_text
from ferray.testing.ray_head import GIB, RayHead, job, listed, node

FORMATTED = """======== Autoscaler status: 2026-01-01 00:00:00 ========
Node status
---------------------------------------------------------------
Active:
 1 head
Pending:
 10.0.0.9: gpu-spot, setting-up
Recent failures:
 gpu-spot: InsufficientInstanceCapacity (latest_attempt: 10:00:00)

Resources
---------------------------------------------------------------
Pending Demands:
 {'CPU': 1.0, 'GPU': 1.0} * 1 (PACK): 2+ pending placement groups
"""


def group(state: str = "PENDING", labels: dict[str, str] | None = None, **shape: float) -> dict[str, Any]:
    bundle = {"unit_resources": shape, "label_selector": labels or {}, "node_id": ""}
    return {"creator_job_id": "01000000", "state": state, "bundles": [bundle]}


def status(
    nodes: list[dict[str, Any]], groups: list[dict[str, Any]], usage: dict[str, str] | None = None
) -> ClusterStatus:
    answers = {
        "/api/jobs/": [job("sfew-1")],
        "/api/cluster_status": {"data": {"clusterStatus": FORMATTED}},
        "/api/v0/nodes": listed(*nodes),
        "/api/v0/placement_groups": listed(*groups),
        "/nodes": {"data": {"nodeLogicalResources": usage or {}}},
    }
    with RayHead(answers) as server:
        return read_status(Head(server.url))


def test_the_head_comes_first_and_the_dead_are_left_out() -> None:
    found = status([node("10.0.0.1"), node("10.0.0.9", head=True), node("10.0.0.2") | {"state": "DEAD"}], [])
    assert [one.ip for one in found.nodes] == ["10.0.0.9", "10.0.0.1"]


def test_a_node_says_how_much_of_it_is_taken() -> None:
    (found,) = status([node("a", GPU=2.0)], [], {"a": "1.5/4.0 CPU\n0.5/2.0 GPU\n0B/16.0GiB memory"}).nodes
    assert (found.of("CPU"), found.of("GPU"), found.of("TPU")) == ("1.5/4", "0.5/2", "-")


def test_what_a_node_has_taken_is_unknown_when_it_has_just_joined() -> None:
    assert status([node("a", GPU=2.0)], []).nodes[0].of("GPU") == "?/2"


def test_an_accelerator_has_its_name() -> None:
    assert status([node("a", **{"accelerator_type:A100": 1.0})], []).nodes[0].accelerator == "A100"


def test_workers_of_one_shape_wait_in_one_line() -> None:
    found = status([node("a", GPU=1.0)], [group(CPU=1, GPU=1), group(CPU=1, GPU=1), group("CREATED", CPU=1, GPU=1)])
    assert [one.sentence for one in found.waiting] == [
        "sfew waits for 2 workers of 1 CPU and 1 GPU: 1 node could hold one, and it is taken"
    ]


def test_what_no_node_has_waits_for_a_node() -> None:
    (waiting,) = status([node("a")], [group(CPU=1, GPU=1)]).waiting
    assert "no node of the cluster has that" in waiting.why


def test_an_accelerator_that_no_node_has_is_waited_for_by_its_name() -> None:
    wanted = group(labels={"ray.io/accelerator-type": "A100"}, CPU=1)
    (waiting,) = status([node("a")], [wanted]).waiting
    assert "1 CPU, accelerator-type A100: no node" in waiting.sentence


def test_a_driver_that_is_no_job_of_ours_waits_too() -> None:
    (waiting,) = status([node("a")], [group(CPU=9) | {"creator_job_id": "07000000"}]).waiting
    assert waiting.sentence.startswith("a driver waits for 1 worker of 9 CPU")


def test_the_autoscaler_says_which_nodes_start_and_which_could_not() -> None:
    assert autoscaler_lines(FORMATTED) == [
        "pending: 10.0.0.9: gpu-spot, setting-up",
        "recent failures: gpu-spot: InsufficientInstanceCapacity (latest_attempt: 10:00:00)",
    ]


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ({"CPU": 1.0}, "1 CPU"),
        ({"CPU": 2.0, "GPU": 0.5, "memory": 16.0 * GIB}, "2 CPU, 0.5 GPU and 16 GiB of memory"),
        ({}, "nothing"),
    ],
)
def test_a_shape_is_read_in_words(shape: dict[str, float], text: str) -> None:
    assert shape_text(shape) == text


def test_the_document_has_everything() -> None:
    document = status([node("a", GPU=1.0)], [group(CPU=1, GPU=2)]).to_json()
    assert (document["nodes"][0]["total"]["GPU"], document["jobs"][0]["job"]) == (1.0, "sfew-1")
    assert document["waiting"][0]["shape"] == {"CPU": 1, "GPU": 2}
