"""How Tune grants a worker its resources: counted by itself on one machine, by placement groups of Ray on a cluster."""

from __future__ import annotations

from ray.air.execution import FixedResourceManager, PlacementGroupResourceManager
from ray.tune.execution import tune_controller


def count_resources_here() -> None:
    """For a cluster that nobody else uses, which Tune has no public way to be told.

    Each group would be awaited by a task of its own, which takes a process that has been started for a worker.
    """
    tune_controller.PlacementGroupResourceManager = FixedResourceManager


def ask_ray_for_resources() -> None:
    """As Tune does by itself, for a cluster that others use too, or that grows."""
    tune_controller.PlacementGroupResourceManager = PlacementGroupResourceManager
