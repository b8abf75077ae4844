"""One thread of the driver at work, for real: what an ask, a report and an end take, and how long decisions wait.

    python -m bench.driver_costs [--wandb none|offline|slow] [--slots 64] [--trials 300] [--epochs 0] [--a-second 0]
                                 [--storage URL]

prints one JSON document. ferray's own driver, study (a journal on disk), sampler, pruner, retention, console and W&B
run as in a sweep; nobody trains: epochs follow the curves of `bench/store_file.py`, those of the slots in turn, as fast
as they are taken or so many `--a-second`. With `--epochs` all trials have as many and none is pruned. `slow` is a W&B
whose stand-in of a server, in a process of its own, takes a second for each request. The first trial, which imports
what all need and starts W&B, is not in the figures.

- `ask_ms`, `report_ms`, `end_ms`: processor time of the driver's thread, means over all trials.
- `wandb_ms_a_trial`: that of the threads in the driver's process which hand W&B's what happens, and take turns with the
  driver's at Python's lock; `wandb_processes_s` is that of W&B's processes, which take none, with their start.
- `reports_a_second`: by the clock, asks and ends between them, on this machine and its disk;
  `reports_a_processor_second` the same by the processor time of the driver's thread.
- `decision_ms`: from an epoch's end to its answer by the clock: the middle, 99 of 100, the worst.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import mean
from typing import Any

from bench.store_file import NAME, epoch_report, spec
from ferray.config.place import Place
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.events import Decision, Listener
from ferray.files.atomic import json_document
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.notification import Listeners
from ferray.system.environment import with_variables
from ferray.testing.wandb_server import WandbServer
from ferray.track.console import Console
from ferray.track.wandb import Wandb
from ferray.track.wandb_runs.link import Link

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
SLOW_S = 1.0


@dataclass(frozen=True)
class Load:
    """What the driver is given: `epochs` for each trial, 0 for those of the space; `a_second` 0 is without a pause.

    The store is a journal, or the database behind `storage`.
    """

    wandb: str = "none"
    slots: int = 64
    trials: int = 300
    epochs: int = 0
    a_second: float = 0.0
    storage: str = ""


@dataclass
class Playing:
    """The trials that run, and what each act of the driver's thread took: processor seconds, and by the clock."""

    driver: SweepDriver
    slots: int
    running: deque[tuple[int, TrialConfig, int]] = field(default_factory=deque)
    cpu: dict[str, list[float]] = field(default_factory=lambda: {"ask": [], "report": [], "end": []})
    waits: list[float] = field(default_factory=list)  # of epochs for their answers
    wall_s: float = 0.0  # of all acts

    def warm_up(self) -> None:
        """The first trial to its end, which imports what all need, untimed."""
        slots, self.slots = self.slots, 1
        self._fill()
        while self.running:
            self._hear(*self.running.popleft())
        self.cpu, self.waits, self.wall_s, self.slots = {name: [] for name in self.cpu}, [], 0.0, slots

    def play(self, a_second: float) -> None:
        """To the last trial."""
        began, reports = time.perf_counter(), 0
        self._fill()
        while self.running:
            if a_second:
                time.sleep(max(0.0, began + reports / a_second - time.perf_counter()))
            self._hear(*self.running.popleft())
            reports += 1
            self._fill()

    def _fill(self) -> None:
        while len(self.running) < self.slots:
            bundles = self._timed("ask", lambda: self.driver.next_bundles(self.slots - len(self.running)))
            jobs = [job for bundle in bundles for job in bundle.jobs]
            block_s = self.cpu["ask"].pop()
            if not jobs:
                return
            self.cpu["ask"] += [block_s / len(jobs)] * len(jobs)
            self.running += [(job.number, job.trial_config(), 0) for job in jobs]

    def _hear(self, number: int, config: TrialConfig, epoch: int) -> None:
        report = epoch_report(config, epoch + 1, number)
        before = self.wall_s
        decision = self._timed("report", lambda: self.driver.epoch_ended(number, report))
        self.waits.append(self.wall_s - before)
        if decision is Decision.CONTINUE and not report.is_last:
            self.running.append((number, config, epoch + 1))
        else:
            self._timed("end", lambda: self.driver.ended(number))

    def _timed(self, name: str, act: Callable[[], Any]) -> Any:
        began, busy = time.perf_counter(), time.thread_time()
        try:
            return act()
        finally:
            self.cpu[name].append(time.thread_time() - busy)
            self.wall_s += time.perf_counter() - began


def play(load: Load) -> dict[str, Any]:
    """The figures of one load, in this process."""
    with tempfile.TemporaryDirectory(prefix="ferray-bench-") as scratch, _server(load.wandb), _no_news():
        folder = Path(scratch) / NAME
        folder.mkdir()
        (folder / "place.json").write_text(json_document(Place(folder, NAME).to_json()))
        study = Study(_spec(load), open_store(folder, load.storage or None), name=f"{NAME}-{uuid.uuid4().hex[:8]}")
        runtime, listeners = Runtime(output=folder.parent, cache_dir=folder.parent), Listeners(_listeners(load, folder))
        playing = Playing(SweepDriver(study.spec, runtime, study, folder, listeners), load.slots)
        playing.driver.start(load.slots)
        playing.warm_up()
        _settle(listeners)
        own, all_threads = time.thread_time(), time.process_time()
        playing.play(load.a_second)
        _close(listeners, load.wandb)
        wandb_s = time.process_time() - all_threads - (time.thread_time() - own)
        study.close()
    return _figures(load, playing, wandb_s)


def in_own_process(load: Load) -> dict[str, Any]:
    """The same in a process of its own, as W&B reads its settings once."""
    words = [word for name, value in asdict(load).items() for word in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "bench.driver_costs", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _figures(load: Load, playing: Playing, wandb_s: float) -> dict[str, Any]:
    waits = sorted(1000 * wait for wait in playing.waits)
    places = {"median": len(waits) // 2, "p99": round(0.99 * (len(waits) - 1)), "worst": -1}
    return {
        **{name: value for name, value in asdict(load).items() if name != "storage"},
        "store": load.storage.partition(":")[0] or "journal",
        "reports": len(waits),
        **{f"{name}_ms": round(1000 * mean(times), 3) for name, times in playing.cpu.items()},
        "reports_a_second": round(len(waits) / playing.wall_s, 1),
        "reports_a_processor_second": round(len(waits) / sum(map(sum, playing.cpu.values())), 1),
        "wandb_ms_a_trial": round(1000 * wandb_s / load.trials, 2) if load.wandb != "none" else 0.0,
        "wandb_processes_s": round(_processes_s(), 2) if load.wandb != "none" else 0.0,
        "decision_ms": {name: round(waits[place], 2) for name, place in places.items()},
    }


def _spec(load: Load) -> SweepSpec:
    plain = spec(pruner="none" if load.epochs else "hyperband")
    fixed = {"epochs": load.epochs} if load.epochs else {}
    budget = plain.budget.model_copy(update={"trials": load.trials})
    space = {name: node for name, node in plain.space.items() if name not in fixed}
    return plain.model_copy(update={"budget": budget, "base": {**plain.base, **fixed}, "space": space})


def _listeners(load: Load, folder: Path) -> list[Listener]:
    return [Console(folder), *([] if load.wandb == "none" else [Wandb(folder)])]


def _close(listeners: Listeners, wandb: str) -> None:
    """A slow server is not waited for: what W&B costs is taken where there is none."""
    if wandb == "slow":
        for link in _links(listeners):
            link.kill()
    else:
        listeners.close()


def _settle(listeners: Listeners) -> None:
    """Wait until W&B has started and closed the first trial's run: it does so once for a sweep."""
    for link in _links(listeners):
        while link.is_alive() and link.num_open:
            time.sleep(0.05)


def _links(listeners: Listeners) -> list[Link]:
    """Those of trackers of W&B."""
    return [each._link for each in listeners.listeners if isinstance(each, Wandb) and each._link is not None]


@contextmanager
def _server(wandb: str) -> Iterator[None]:
    """W&B's settings for this process, and the slow server where one is asked for."""
    if wandb != "slow":
        with with_variables({"WANDB_MODE": "offline"}):
            yield
        return
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    server = spawning.Process(target=_serve, args=(there,))
    server.start()
    try:
        with with_variables({"WANDB_MODE": "online", "WANDB_BASE_URL": here.recv(), "WANDB_API_KEY": KEY}):
            yield
    finally:
        here.send("over")
        server.join()


def _serve(driver: Connection) -> None:
    with WandbServer(delay_s=SLOW_S) as server:
        driver.send(server.url)
        driver.recv()


@contextmanager
def _no_news() -> Iterator[None]:
    with redirect_stderr(io.StringIO()):
        yield


def _processes_s() -> float:
    """Processor seconds of processes that have ended, and of those that these have waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wandb", choices=["none", "offline", "slow"], default="none")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--a-second", type=float, default=0.0)
    parser.add_argument("--storage", default="")
    print(json.dumps(play(Load(**vars(parser.parse_args())))), flush=True)


if __name__ == "__main__":
    main()
