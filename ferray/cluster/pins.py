"""Whether a cluster runs what ferray's files pin: a job that runs on something else says so before it is handed in."""

from __future__ import annotations

import platform
from importlib.metadata import version

from ferray.cluster.head import Head
from ferray.cluster.versions import VERSIONS
from ferray.errors import ClusterError
from ferray.text.commands import command


def refuse_unpinned(head: Head) -> None:
    """ClusterError where the head has neither the Ray and Python of the pins nor those of this command."""
    found = head.get("/api/v0/cluster_metadata").get("data") or {}
    ray, python = str(found.get("rayVersion")), str(found.get("pythonVersion"))
    minor = ".".join(python.split(".")[:2])
    here = (version("ray"), ".".join(platform.python_version_tuple()[:2]))
    pinned = (VERSIONS.ray, VERSIONS.python)
    if (ray, minor) not in (pinned, here):
        message = f"the cluster has Ray `{ray}` on Python `{minor}`, pinned are Ray {pinned[0]} on Python {pinned[1]}"
        hint = f"build its nodes from the files of `{command('cluster render')}`, or pass `--unpinned`"
        raise ClusterError(message, hint)
