"""How many CPU cores this process may use: those of its affinity, as far as the quotas of its control groups go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def num_cores() -> int:
    """Whole cores, at least one. A container's quota of 1.5 is one core: two trials would share it."""
    return max(1, int(min(float(len(os.sched_getaffinity(0))), quota())))


def num_threads() -> int:
    """How many threads one training by itself takes: `OMP_NUM_THREADS` where the user has set it, else every core."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) else num_cores()


def quota(root: Path = Path("/")) -> float:
    """The smallest CPU quota among this process's control groups and those around them, in cores; infinite without one.

    `root` is the root of the file system.
    """
    with suppress(OSError, ValueError):
        groups = (root / "proc/self/cgroup").read_text().splitlines()
        return min(
            [cores for group in groups for cores in _quotas(root / "sys/fs/cgroup", group)], default=float("inf")
        )
    return float("inf")


def _quotas(mount: Path, group: str) -> Iterator[float]:
    """Those of one line of /proc/self/cgroup, `hierarchy:controllers:path`, of version 2 where none is named."""
    _, controllers, path = group.split(":", 2)
    if not controllers:
        for folder in _upwards(mount, path):
            with suppress(OSError, ValueError):
                limit, period = (folder / "cpu.max").read_text().split()
                yield int(limit) / int(period)  # `max` is no number: none
    elif "cpu" in controllers.split(","):
        for folder in (*_upwards(mount / controllers, path), *_upwards(mount / "cpu", path)):
            with suppress(OSError, ValueError):
                limit, period = ((folder / f"cpu.cfs_{what}_us").read_text() for what in ("quota", "period"))
                if int(limit) > 0:
                    yield int(limit) / int(period)


def _upwards(mount: Path, path: str) -> list[Path]:
    """The group's folder and all above it. In a container the path may be the host's, and the mount the group's own."""
    inside = PurePosixPath(path.removeprefix("/"))
    return [mount / part for part in (inside, *inside.parents)]
