"""What a benchmark says: one JSON document with its figures, their floors, the machine and what else the machine did.

A benchmark is a module with `measure(quick) -> Record` and `if __name__ == "__main__": print_record(measure, __doc__)`:

    def measure(quick: bool = False) -> Record:
        with recording("heads", quick=quick) as record:
            costs = interleaved({"floor": one_by_one, "fused": fused}, rounds=1 if quick else 5)
            record.compare("fused", costs["fused"], costs["floor"], at_most=0.34)
        return record.document()

A figure has a value and, where there is one, a floor: what the same work costs that has nothing of ferray in it,
measured in the same run and in turns with it. `ratio` is the median over rounds of value over floor, so that a machine
that slows down meets both. Processor seconds stand beside wall seconds, since only they mean something on a machine
that others use. `python -m bench` runs all parts and writes the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from ferray.system.cores import num_cores
from ferray.system.packages import installed_version

PACKAGES = ("torch", "torchvision", "timm", "ray", "optuna", "wandb", "albumentations")
ROOT = Path(__file__).parent.parent
Record = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """What something took: seconds on the clock and of processors, those of its child processes included."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Figure:
    """One number of a benchmark; `ratio` is over its `floor`, and what `at_most` or `at_least` is a promise of.

    Where there is no floor the promise is of the value itself.
    """

    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def judged(self) -> float:
        """The number that is promised and compared with the last run's."""
        return self.value if self.ratio is None else self.ratio

    @property
    def is_met(self) -> bool | None:
        """Whether the promise is kept; None where nothing is promised."""
        if self.at_most is None and self.at_least is None:
            return None
        return (self.at_most is None or self.judged <= self.at_most) and (
            self.at_least is None or self.judged >= self.at_least
        )

    def to_json(self) -> dict[str, Any]:
        stated = {name: value for name, value in asdict(self).items() if value is not None}
        return stated if self.is_met is None else {**stated, "met": self.is_met}


@dataclass
class Recording:
    """A benchmark while it runs; see `recording`."""

    name: str
    quick: bool
    figures: dict[str, Figure] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    _ends: dict[str, Any] = field(default_factory=dict)

    def state(self, name: str, value: float, unit: str, **promise: float) -> None:
        """A figure without a floor. `promise` is `at_most` or `at_least`."""
        self.figures[name] = Figure(value, unit, **promise)

    def compare(
        self, name: str, ours: Sequence[float], floor: Sequence[float], *, unit: str = "s", **promise: float
    ) -> None:
        """A figure with its floor, both round by round; `promise` is of the ratio."""
        ratio = median(one / other for one, other in zip(ours, floor, strict=True))
        self.figures[name] = Figure(median(ours), unit, floor=median(floor), ratio=ratio, **promise)

    def document(self) -> Record:
        """The whole as JSON has it."""
        figures = {name: figure.to_json() for name, figure in self.figures.items()}
        what = {"benchmark": self.name, "quick": self.quick, "environment": environment()}
        return {**what, **self._ends, "figures": figures, "details": self.details}


@contextmanager
def recording(name: str, *, quick: bool) -> Iterator[Recording]:
    """Around the measuring of a benchmark: load before and after, its own wall and processor seconds."""
    record = Recording(name, quick)
    began, load = datetime.now(UTC), os.getloadavg()[0]
    with timing() as taken:
        yield record
    record._ends = {
        "began": began.isoformat(timespec="seconds"),
        "load": {"before": round(load, 2), "after": round(os.getloadavg()[0], 2)},
        "took": {name: round(value, 2) for name, value in asdict(taken[0]).items()},
    }


@contextmanager
def timing() -> Iterator[list[Cost]]:
    """A list that holds the `Cost` of the block once it has ended, with that of children that were waited for."""
    found: list[Cost] = []
    wall, cpu = time.perf_counter(), _cpu_s()
    yield found
    found.append(Cost(time.perf_counter() - wall, _cpu_s() - cpu))


def interleaved(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Cost]]:
    """What each side cost, round by round: in every second round the sides take turns in the opposite order."""
    found: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            with timing() as taken:
                sides[name]()
            found[name] += taken
    return found


def walls(costs: Sequence[Cost]) -> list[float]:
    return [cost.wall_s for cost in costs]


def cpus(costs: Sequence[Cost]) -> list[float]:
    return [cost.cpu_s for cost in costs]


def environment() -> dict[str, Any]:
    """What the figures depend on beside the code: machine, versions, and the commit, with a + where files differ."""
    return {
        "commit": commit(),
        "python": platform.python_version(),
        **{name: installed_version(name) or None for name in PACKAGES},
        "machine": machine_kind(),
    }


def machine_kind() -> str:
    """What rows must share to be compared, as `2 cores of AMD EPYC 7763`."""
    return f"{num_cores()} cores of {_processor()}"


def commit() -> str:
    """The commit of the checkout; empty outside of one."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        return head + "+" * bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return ""


def asked_quick(doc: str | None) -> bool:
    """Whether the command line says `--quick`."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="just enough to see that it works: its figures mean nothing"
    )
    return bool(parser.parse_args().quick)


def print_record(measure: Callable[[bool], Record], doc: str | None) -> None:
    """The command of a benchmark without options of its own: one JSON document on stdout."""
    print(json.dumps(measure(asked_quick(doc)), indent=2))


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    """The processor's name where Linux tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
