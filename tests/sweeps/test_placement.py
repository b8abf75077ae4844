"""What fits where: types of accelerators, memory, shares of a cluster, nodes that differ."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError, ConfigError
from ferray.sweeps.placement import GIB, Placement, find_placement, wanted_placement

A100 = {"CPU": 16.0, "GPU": 4.0, "memory": 64 * GIB, "accelerator_type:A100": 1.0}
T4 = {"CPU": 8.0, "GPU": 1.0, "memory": 16 * GIB, "accelerator_type:T4": 1.0}
HEAD = {"CPU": 4.0, "memory": 8 * GIB}


def found(*nodes: dict[str, float], **wishes: Any) -> Placement:
    return find_placement(Runtime(address="auto", **wishes), nodes, "the cluster")


def refusal(*nodes: dict[str, float], **wishes: Any) -> str:
    with pytest.raises(ClusterError) as refused:
        found(*nodes, **wishes)
    return str(refused.value)


def test_trials_with_a_gpu_leave_a_head_without_one_alone() -> None:
    assert found(HEAD, A100, T4).slots == 5


def test_trials_of_a_type_run_on_nodes_that_have_it() -> None:
    placement = found(HEAD, A100, T4, accelerator="A100")
    assert (placement.slots, placement.gpus) == (4, 1.0)
    assert placement.resources == {"CPU": 1.0, "GPU": 1.0, "accelerator_type:A100": 0.001}
    assert str(placement) == "4 trials at a time, 1 core and 1 A100 each"


def test_type_is_found_however_it_is_spelt() -> None:
    assert found(A100, T4, accelerator="a100").accelerator == "A100"


def test_type_that_no_node_has_is_refused_with_those_there_are() -> None:
    said = refusal(A100, T4, accelerator="H100")
    assert "the cluster has no accelerator of type `H100`" in said
    assert "it has `A100`, `T4`, or pass `--wait 30m` for one that joins" in said


def test_memory_bounds_how_many_a_node_holds() -> None:
    placement = found(A100, T4, memory_per_trial_gib=24)
    assert placement.slots == 2  # of 64 GiB two, of 16 none
    assert placement.resources["memory"] == 24 * GIB
    assert placement.of_one_trial == "1 core, 24 GiB and 1 GPU"


def test_memory_that_no_node_has_is_refused() -> None:
    assert "asks for `65` GiB, the largest node of the cluster has 64.0" in refusal(A100, memory_per_trial_gib=65)


def test_wishes_that_only_different_nodes_grant_are_refused_together() -> None:
    said = refusal({"CPU": 32.0}, T4, cpus_per_trial=16, gpus_per_trial=1.0)
    assert "no node of the cluster has all that a trial asks for: 16 cores and 1 GPU" in said


def test_share_of_a_cluster_bounds_the_gpus_and_not_the_trials() -> None:
    assert found(A100, max_gpus=2).slots == 2
    assert found(A100, max_gpus=2, gpus_per_trial=0.5).slots == 4
    assert found(A100, max_gpus=2, device="cpu").slots == 16


def test_trial_larger_than_the_share_is_asked_wrongly() -> None:
    with pytest.raises(ConfigError, match="`--max-gpus 1` allows fewer"):
        found(A100, max_gpus=1, gpus_per_trial=2.0)


def test_share_that_is_to_be_measured_is_a_whole_gpu_until_it_is() -> None:
    assert wanted_placement(Runtime(address="auto", gpus_per_trial="auto")).gpus == 1.0
    assert found(A100, gpus_per_trial="auto").gpus == 1.0


def test_cluster_without_nodes_is_asked_for_what_a_trial_wants() -> None:
    wanted = wanted_placement(Runtime(address="auto", accelerator="A100", memory_per_trial_gib=2, max_concurrent=3))
    assert wanted.resources == {"CPU": 1.0, "GPU": 1.0, "memory": 2 * GIB, "accelerator_type:A100": 0.001}
    assert wanted.slots == 3
