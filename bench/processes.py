"""Memory and processor time of a process and all below it, sampled while they live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from bench import family

GIB = 2**30


@dataclass
class Watch:
    """What the tree below the process `root` was seen to use; `look` again and again while it lives.

    Resident memory counts shared pages in every process that maps them.
    """

    root: int
    _peaks: dict[int, float] = field(default_factory=dict)
    _cpu_s: dict[int, float] = field(default_factory=dict)
    _workers: set[int] = field(default_factory=set)
    _cpu_so_far: list[tuple[float, float]] = field(default_factory=list)

    def look(self) -> None:
        """Note what every process of the tree uses now."""
        for process in _tree(self.root):
            with suppress(psutil.Error), process.oneshot():
                self._note(process)
        self._cpu_so_far.append((time.time(), sum(self._cpu_s.values())))

    def cpu_s_between(self, start: float, end: float) -> float:
        """Processor seconds of the whole tree between two times of day, as near as the looks allow."""
        return nearest(self._cpu_so_far, end) - nearest(self._cpu_so_far, start)

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds so far: the `driver` (the root), all `workers`, and the `services` together."""
        kinds = {"driver": {self.root}, "workers": self._workers}
        found = {kind: sum(self._cpu_s.get(pid, 0.0) for pid in pids) for kind, pids in kinds.items()}
        return {**found, "services": sum(self._cpu_s.values()) - sum(found.values())}

    def peaks_gib(self) -> dict[str, float]:
        """Largest resident memory of the `driver` (the root), of a `worker`, and of the `services` together."""
        services = self._peaks.keys() - self._workers - {self.root}
        return {
            "driver": self._peaks.get(self.root, 0.0),
            "worker": max((self._peaks[pid] for pid in self._workers), default=0.0),
            "services": sum(self._peaks[pid] for pid in services),
        }

    def _note(self, process: psutil.Process) -> None:
        pid, used = process.pid, process.cpu_times()
        self._cpu_s[pid] = used.user + used.system
        self._peaks[pid] = max(self._peaks.get(pid, 0.0), process.memory_info().rss / GIB)
        if any(part.startswith(family.WORKERS) for part in process.cmdline()):
            self._workers.add(pid)


def nearest(series: list[tuple[float, float]], moment: float) -> float:
    """The value of the (time, value) pair whose time is nearest to `moment`."""
    return min(series, key=lambda seen: abs(seen[0] - moment))[1]


def _tree(root: int) -> Iterator[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(root)
        yield process
        yield from process.children(recursive=True)
