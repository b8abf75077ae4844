"""How far one driver reaches: clusters of up to 1,000 GPUs in virtual time, through the real study, driver and loop.

    python -m bench.driver_simulation [--gpus 8 64 512 1000] [--epoch-s 60] [--rounds 4] [--record 0] [--quick]
                            [--sampler tpe] [--pruner hyperband] [--like RUNS/NAME] [--preempted-every-h 24]

prints one JSON document, a row for each number of GPUs. What runs is ferray's own: `SweepLoop`, `SweepDriver`, `Study`
over a journal on disk, sampler, pruner, retention, timeouts and the console's lines. What is simulated are the workers
(`bench/virtual_cluster.py`): epochs of `--epoch-s` on average, spread as those of a measured sweep, nodes of eight GPUs
that are preempted now and then, and what Ray Tune (`bench/tune_cost.py`) and W&B (`bench/driver_costs.py`) were
measured to cost, as if all of it held the driver up; `--no-wandb` leaves W&B out.

Each row runs `--rounds` trials a GPU in a study that holds `--record` trials already.
- `driver_busy`: the share of the time, until nothing was left to start, in which the driver's thread was busy.
- `gpu_idle`: the share of all GPU time until then in which a GPU waited for the driver; starts of workers, a network's
  set-up and absent nodes are not in it.
- `finish_over_ideal`: the time to finish over that of the same pieces of work handed out, in their order, by a driver
  that takes no time. Both have the same tail, in which fewer trials are left than GPUs.
- `report_ms`, `ask_ms` (a trial), `end_ms`: what one takes the driver's thread, CPU and the disk of the record;
  `ms_a_report_in_all`: all that it does, Ray Tune's part too, over the number of reports, of which
  `reports_per_s_at_most` follows.
- `lag_ms`: from an epoch's end to its answer, median and 99th of 100.
"""

from __future__ import annotations

import argparse
import heapq
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from bench.record import environment
from bench.store_file import NAME, spec, write_journal
from bench.virtual_cluster import EPOCH_RATIOS, VirtualClock, VirtualCluster, World
from ferray.config.place import Place
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.files.atomic import json_document
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.loop import SweepLoop
from ferray.sweeps.notification import Listeners
from ferray.testing.memory_files import MemoryFileSystem
from ferray.track.console import Console

HOUR_S = 3600.0


@dataclass
class Acts:
    """Seconds of the driver's thread in each call of one kind."""

    clock: VirtualClock
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def of(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        """`act`, timed."""
        times = self.seconds.setdefault(name, [])

        def timed(*args: Any, **words: Any) -> Any:
            begin = self.clock.busy
            try:
                return act(*args, **words)
            finally:
                times.append(self.clock.busy - begin)

        return timed

    def milliseconds(self, name: str) -> float:
        """The mean."""
        return round(1000 * mean(self.seconds[name] or [0.0]), 2)


@dataclass(frozen=True)
class Asked:
    """What a row is to be of."""

    rounds: int
    record: int
    sampler: str
    pruner: str


def simulate(asked: Asked, world: World) -> dict[str, Any]:
    """One row."""
    clock = VirtualClock()
    with tempfile.TemporaryDirectory() as scratch, redirect_stderr(io.StringIO()), slow_disk(clock, world.fsync_s):
        folder = Path(scratch) / NAME
        folder.mkdir()
        if asked.record:
            write_journal(folder, asked.record, sampler=asked.sampler, pruner=asked.pruner)
        place = Place(folder, NAME, artifacts=f"memory://{NAME}")
        (folder / "place.json").write_text(json_document(place.to_json()))
        MemoryFileSystem.contents.clear()
        with _driver(folder, asked, world.gpus * asked.rounds) as driver:
            return _run(driver, world, clock)


@contextmanager
def _driver(folder: Path, asked: Asked, num_trials: int) -> Iterator[SweepDriver]:
    plain = spec(sampler=asked.sampler, pruner=asked.pruner)
    study = Study(plain, open_store(folder))
    budget = plain.budget.model_copy(update={"trials": study.num_finished + num_trials})
    runtime = Runtime(output=folder.parent, cache_dir=folder.parent)
    listeners = Listeners([Console(folder)])
    limited: SweepSpec = plain.model_copy(update={"budget": budget})
    try:
        yield SweepDriver(limited, runtime, study, folder, listeners)
    finally:
        listeners.close()
        study.close()


@contextmanager
def slow_disk(clock: VirtualClock, fsync_s: float) -> Iterator[None]:
    """Have the disk take so long in virtual time, and no time for real, which is that of this machine."""
    real = os.fsync

    def fsync(fd: Any) -> None:
        del fd
        clock.spend(fsync_s)

    os.fsync = fsync
    try:
        yield
    finally:
        os.fsync = real


def _run(driver: SweepDriver, world: World, clock: VirtualClock) -> dict[str, Any]:
    clock.restart()
    driver.clock = clock
    acts = Acts(clock)
    driver.epoch_ended = acts.of("report", driver.epoch_ended)  # type: ignore[method-assign]
    driver.ended = acts.of("end", driver.ended)  # type: ignore[method-assign]
    driver.next_bundles = acts.of("ask", driver.next_bundles)  # type: ignore[method-assign]
    cluster = VirtualCluster(driver.runtime, world, clock, lambda: driver.num_left)
    loop = SweepLoop(driver, cluster)
    driver.start(world.gpus)
    while driver.num_left and not driver.is_done:
        loop.turn()
    until, busy, waited = clock(), clock.busy, cluster.ledger.waited
    loop.run()
    return _figures(world, acts, cluster, (until, busy, waited), clock())


def _figures(
    world: World, acts: Acts, cluster: VirtualCluster, until: tuple[float, float, float], finish: float
) -> dict[str, Any]:
    time_s, busy_s, waited_s = until
    ledger, reports = cluster.ledger, len(acts.seconds["report"])
    a_report_s = busy_s / reports
    lags = quantiles(ledger.lags, n=100)
    return {
        "gpus": world.gpus,
        "epoch_s": world.epoch_s,
        "trials": len(acts.seconds["end"]),
        "reports": reports,
        "losses": ledger.losses,
        "driver_busy": round(busy_s / time_s, 4),
        "gpu_idle": round(waited_s / (world.gpus * time_s - ledger.away), 4),
        "finish_h": round(finish / HOUR_S, 2),
        "finish_over_ideal": round(finish / ideal_finish(ledger.pieces, world.gpus), 3),
        "report_ms": acts.milliseconds("report"),
        "ask_ms": round(1000 * sum(acts.seconds["ask"]) / len(ledger.pieces), 2),
        "end_ms": acts.milliseconds("end"),
        "ms_a_report_in_all": round(1000 * a_report_s, 2),
        "reports_per_s_at_most": round(1 / a_report_s, 1),
        "lag_ms": {"median": round(1000 * lags[49], 1), "p99": round(1000 * lags[98], 1)},
    }


def ideal_finish(pieces: Sequence[float], gpus: int) -> float:
    """When the last of these pieces of work ends if each begins, in this order, as soon as one of the GPUs is free."""
    free = [0.0] * gpus
    for piece in pieces:
        heapq.heapreplace(free, free[0] + piece)
    return max(free)


def ratios_of(folder: Path) -> list[float]:
    """Epoch times over the mean of their trial, first epochs left out, of a sweep in `folder`."""
    ratios: list[float] = []
    for file in folder.glob("trials/*/history.jsonl"):
        times = [json.loads(line)["metrics"]["seconds"] for line in file.read_text().splitlines()][1:]
        ratios += [time_s / mean(times) for time_s in times] if len(times) > 2 else []
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpus", type=int, nargs="+", default=[8, 64, 512, 1000])
    parser.add_argument("--epoch-s", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--record", type=int, default=0)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--pruner", default="hyperband")
    parser.add_argument("--preempted-every-h", type=float, default=24.0)
    parser.add_argument("--failing", type=float, default=0.01)
    parser.add_argument("--like", type=Path)
    parser.add_argument("--no-wandb", action="store_true")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    asked = Asked(2 if given.quick else given.rounds, given.record, given.sampler, given.pruner)
    ratios = ratios_of(given.like) if given.like else EPOCH_RATIOS
    rows = []
    for gpus in [8, 64] if given.quick else given.gpus:
        every_s = given.preempted_every_h * HOUR_S
        world = World(gpus, given.epoch_s, preempted_every_s=every_s, failing=given.failing, ratios=ratios)
        world = replace(world, wandb_trial_s=0.0, wandb_report_s=0.0) if given.no_wandb else world
        rows.append(simulate(asked, world))
        print(json.dumps(rows[-1]), file=sys.stderr)
    json.dump(
        {"environment": environment(), "record": given.record, "sampler": asked.sampler, "rows": rows},
        sys.stdout,
        indent=1,
    )
    print()


if __name__ == "__main__":
    main()
