"""`Demand`: nodes asked of an autoscaler, by placement groups that wait and give back at once what they get."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from ray.util.placement_group import placement_group, placement_group_table, remove_placement_group

PREFIX = "ferray-demand-"
MOST = 64  # groups that wait at a time


class Demand:
    """So many workers more than the cluster holds would be of use.

    A group that is granted says that a node has come, whose room trials are to have: all are given back then, and those
    that are still wanted are asked for behind the trials that start there.
    """

    def __init__(self, resources: Mapping[str, float]) -> None:
        self._resources = dict(resources)
        self._groups: list[Any] = []

    def ask(self, count: int) -> None:
        """Have so many wait from now on; calls the head."""
        if any(placement_group_table(group)["state"] == "CREATED" for group in self._groups):
            count = 0
        count = min(count, MOST)
        while len(self._groups) > count:
            remove_placement_group(self._groups.pop())
        while len(self._groups) < count:
            self._groups.append(placement_group([self._resources], name=f"{PREFIX}{secrets.token_hex(8)}"))
