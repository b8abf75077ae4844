"""Whether Tune counts resources itself or has Ray grant them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ray.air.execution import FixedResourceManager, PlacementGroupResourceManager
from ray.tune.execution import tune_controller

from ferray.launch._resources import ask_ray_for_resources, count_resources_here


@pytest.fixture(autouse=True)
def as_tune_has_it() -> Iterator[None]:
    yield
    ask_ray_for_resources()


def test_on_one_machine_tune_counts() -> None:
    count_resources_here()
    assert tune_controller.PlacementGroupResourceManager is FixedResourceManager


def test_on_a_cluster_ray_grants_even_after_a_sweep_on_one_machine() -> None:
    count_resources_here()
    ask_ray_for_resources()
    assert tune_controller.PlacementGroupResourceManager is PlacementGroupResourceManager
