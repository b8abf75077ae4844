"""What Ray's own autoscaler starts for the types of nodes in aws.yaml and gcp.yaml, by the scorer that they name."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import pytest
from ray.autoscaler._private.node_provider_availability_tracker import NodeProviderAvailabilityTracker
from ray.autoscaler._private.resource_demand_scheduler import get_nodes_for
from ray.autoscaler.node_launch_exception import NodeLaunchException

from ferray.cluster.spot_first import telling_of_refusals
from tests.cluster.shipped import documents

CLOUDS = ("aws", "gcp")
NOW = 1_000
ON_AWS = {"CPU": 8, "GPU": 1}  # what Ray finds at Amazon for the types whose resources the file leaves open


def started(cloud: str, wanted: list[dict[str, float]], *refused: str) -> dict[str, int]:
    """The nodes that are started for what waits, after those types have just been refused."""
    (config,) = documents(f"{cloud}.yaml")
    tracker = NodeProviderAvailabilityTracker(timer=lambda: NOW, ttl=1_800)
    for node_type in refused:
        tracker.update_node_availability(node_type, NOW, NodeLaunchException("refused", "no capacity", None))
    types = {name: {**node, "resources": node["resources"] or ON_AWS} for name, node in types_of(config).items()}
    scorer = partial(named_scorer(config), node_availability_summary=tracker.summary())
    added, _ = get_nodes_for(types, {}, config["head_node_type"], config["max_workers"], wanted, scorer)
    return dict(added)


def types_of(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The types of nodes as Ray prepares them: of the head there are no workers."""
    head = config["head_node_type"]
    return {
        name: {"max_workers": 0, **node} for name, node in config["available_node_types"].items() if name != head
    } | {head: {**config["available_node_types"][head], "max_workers": -1}}


def named_scorer(config: dict[str, Any]) -> Any:
    """The function that the head's start command names to Ray."""
    (start,) = (command for command in config["head_start_ray_commands"] if "ray start" in command)
    variables = dict(word.split("=", 1) for word in start.split(" ray ")[0].split() if "=" in word)
    assert variables["RAY_enable_autoscaler_v2"] == "0"
    module, _, name = variables["RAY_AUTOSCALER_UTILIZATION_SCORER"].rpartition(".")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_spot_nodes_are_started_first(cloud: str) -> None:
    assert started(cloud, [{"CPU": 1, "GPU": 1}] * 3) == {"gpu-spot": 3}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_on_demand_nodes_are_started_while_spot_nodes_are_refused(cloud: str) -> None:
    assert started(cloud, [{"CPU": 1, "GPU": 1}] * 3, "gpu-spot") == {"gpu-on-demand": 3}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_spot_nodes_are_asked_for_again_where_all_are_refused(cloud: str) -> None:
    assert started(cloud, [{"CPU": 1, "GPU": 1}], "gpu-spot", "gpu-on-demand") == {"gpu-spot": 1}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_more_nodes_are_started_than_there_may_be(cloud: str) -> None:
    assert started(cloud, [{"CPU": 1, "GPU": 1}] * 50) == {"gpu-spot": 4}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_trials_that_share_a_gpu_share_a_node(cloud: str) -> None:
    assert started(cloud, [{"CPU": 1, "GPU": 0.25}] * 4) == {"gpu-spot": 1}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_trial_runs_on_the_head(cloud: str) -> None:
    (config,) = documents(f"{cloud}.yaml")
    head = config["available_node_types"][config["head_node_type"]]
    assert set(head["resources"].values()) == {0}
    assert "--num-cpus=0 --num-gpus=0" in config["head_start_ray_commands"][-1]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nodes_go_down_to_none_when_they_are_idle(cloud: str) -> None:
    (config,) = documents(f"{cloud}.yaml")
    workers = [node for name, node in config["available_node_types"].items() if name != config["head_node_type"]]
    assert (config["idle_timeout_minutes"], [node["min_workers"] for node in workers]) == (10, [0, 0])


def test_a_refusal_of_any_kind_is_told_in_the_form_that_ray_counts() -> None:
    def exhausted() -> None:
        raise RuntimeError("ZONE_RESOURCE_POOL_EXHAUSTED")

    with pytest.raises(NodeLaunchException, match="ZONE_RESOURCE_POOL_EXHAUSTED"):
        telling_of_refusals(exhausted)()


def test_a_refusal_in_that_form_stays_as_it_is() -> None:
    said = NodeLaunchException("InsufficientInstanceCapacity", "none left", None)

    def exhausted() -> None:
        raise said

    with pytest.raises(NodeLaunchException) as caught:
        telling_of_refusals(exhausted)()
    assert caught.value is said


def test_googles_provider_tells_of_refusals_once_nodes_are_scored() -> None:
    from ray.autoscaler._private.gcp.node_provider import GCPNodeProvider

    started("gcp", [{"GPU": 1}])
    assert GCPNodeProvider.create_node.__wrapped__.__qualname__ == "GCPNodeProvider.create_node"
