"""The simulation of large clusters, on small ones."""

from __future__ import annotations

from typing import Any

from bench.driver_simulation import Asked, ideal_finish, simulate
from bench.virtual_cluster import World

SMALL = Asked(rounds=3, record=0, sampler="random", pruner="hyperband")


def of(**world: Any) -> dict[str, Any]:
    return simulate(SMALL, World(4, gpus_per_node=2, **world))


def test_all_trials_of_the_budget_are_trained_to_an_end() -> None:
    assert of()["trials"] == 12


def test_a_quick_driver_finishes_when_one_that_takes_no_time_would() -> None:
    row = of()
    assert row["gpu_idle"] < 0.02
    assert row["finish_over_ideal"] < 1.02


def test_a_slow_driver_is_seen_as_gpus_that_wait() -> None:
    row = of(tune_report_s=60.0)
    assert row["driver_busy"] > 0.9
    assert row["gpu_idle"] > 0.4


def test_trials_of_preempted_nodes_are_asked_again_until_they_end() -> None:
    row = of(preempted_every_s=900.0, back_after_s=60.0)
    assert row["losses"] > 0
    assert row["trials"] - row["losses"] == 12


def test_the_ideal_hands_work_out_in_its_order() -> None:
    assert ideal_finish([4.0, 1.0, 2.0, 3.0], gpus=2) == 6.0
