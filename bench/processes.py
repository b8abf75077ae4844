"""Memory and processor time of a process and all below it, sampled from /proc (Linux)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """One process as /proc shows it; `peak_gib` is the largest resident memory it ever had, shared pages included."""

    pid: int
    parent: int
    cpu_s: float
    peak_gib: float
    command: str


def parse_process(pid: int, stat: str, status: str, command: str) -> Process:
    """The fields of `/proc/PID/stat` and `/proc/PID/status` that matter here; a zombie has no memory."""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces
    peak_kib = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
    ticks = int(fields[11]) + int(fields[12])
    return Process(pid, int(fields[1]), ticks / TICKS_PER_S, peak_kib / 2**20, command.replace("\0", " ").strip())


def running() -> list[Process]:
    """Every process that can be read."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, status, command = ((folder / name).read_text() for name in ("stat", "status", "cmdline"))
        except OSError:  # it has just ended
            continue
        found.append(parse_process(int(folder.name), stat, status, command))
    return found


def tree(root: int, processes: list[Process]) -> list[Process]:
    """The process `root` and all its descendants."""
    inside = {root}
    while more := {process.pid for process in processes if process.parent in inside} - inside:
        inside |= more
    return [process for process in processes if process.pid in inside]


@dataclass
class Watch:
    """What a process tree was seen to use; `look` again and again while it lives."""

    root: int
    _last: dict[int, Process] = field(default_factory=dict)
    _peaks: dict[int, float] = field(default_factory=dict)
    _cpu: list[tuple[float, float]] = field(default_factory=list)

    def look(self) -> None:
        for process in tree(self.root, running()):
            self._last[process.pid] = process
            self._peaks[process.pid] = max(process.peak_gib, self._peaks.get(process.pid, 0.0))
        self._cpu.append((time.time(), sum(process.cpu_s for process in self._last.values())))

    def cpu_s_between(self, start: float, end: float) -> float:
        """Processor seconds of the whole tree between two times of day, as near as the looks allow."""
        return _at(self._cpu, end) - _at(self._cpu, start)

    def peaks_gib(self) -> dict[str, float]:
        """`driver` (the root), `worker` (the largest of Ray's) and `services` (all others together)."""
        workers = [pid for pid, process in self._last.items() if "TrialActor" in process.command]
        others = [pid for pid in self._last if pid != self.root and pid not in workers]
        return {
            "driver": self._peaks.get(self.root, 0.0),
            "worker": max((self._peaks[pid] for pid in workers), default=0.0),
            "services": sum(self._peaks[pid] for pid in others),
        }


def _at(series: list[tuple[float, float]], moment: float) -> float:
    return min(series, key=lambda seen: abs(seen[0] - moment))[1]
