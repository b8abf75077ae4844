"""Laboratories are asked for: `make slurm-test` and `make cluster-test` do, and a machine that has none says why."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip them in any run that does not name their marker: they take minutes and the whole machine."""
    if "lab" in str(config.getoption("-m")):
        return
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: `make slurm-test` and `make cluster-test` run it"))
