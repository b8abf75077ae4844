"""A Ray cluster of hosts of the laboratory, started by cluster/local/: token authentication, nothing shared."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.tally import tally
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from tests.labs.hosts import HOME, ROOT, Host, hosts

LOCAL = ROOT / "cluster" / "local"
TOKEN = ".ray/auth_token"
CACHE = "/tmp/ferray-cache-0"  # of root
DATA = f"{HOME}/data"
RUNS = f"{HOME}/runs"
LONGEST_S = 420.0  # that anything is waited for
_SIZE = "--num-cpus=1 --object-store-memory=200000000"


@dataclass(frozen=True)
class RayCluster:
    """`head` leads sweeps and trains nothing; each of `workers` has a pretended GPU."""

    head: Host
    workers: Sequence[Host]
    folder: Path

    def start(self, space: str, name: str, *options: str) -> subprocess.Popen[bytes]:
        """A sweep of this name, led from the head, beside everything else."""
        (self.head.path(HOME) / f"{name}.yaml").write_text(space)
        place = f"--address auto --gpus-per-trial 1 --device cpu --tracker none --data-root {DATA} --output {RUNS}"
        sweep = f"ferray sweep {name}.yaml --name {name} {place} {' '.join(options)}"
        return self.head.start(f"export RAY_AUTH_MODE=token FERRAY_CACHE={CACHE}; cd; exec {sweep}", self.log(name))

    def log(self, name: str) -> Path:
        """What the sweep has said."""
        return self.folder / f"{name}.log"

    def record(self, name: str) -> SweepRecord:
        """The sweep as its store has it."""
        return load_sweep(self.head.path(f"{RUNS}/{name}"))

    def tally(self, name: str) -> dict[str, object]:
        return tally(self.head.path(f"{RUNS}/{name}"))

    def epochs(self, name: str) -> dict[str, int]:
        """How many epochs the history of each trial holds on the head's disk."""
        histories = self.head.path(f"{RUNS}/{name}/trials").glob("*/history.jsonl")
        return {each.parent.name: len(each.read_text().splitlines()) for each in histories}


@contextmanager
def ray_cluster(num_workers: int, folder: Path) -> Iterator[RayCluster]:
    """So many workers and a head, each a host of its own, until the block ends."""
    with hosts(num_workers + 1, folder) as (head, *workers):
        head.run(f"{LOCAL}/head.sh --num-gpus=0 {_SIZE}")
        token = (head.path(HOME) / TOKEN).read_text()
        for host in workers:
            file = host.path(HOME) / TOKEN
            file.parent.mkdir(mode=0o700)
            file.touch(mode=0o600)
            file.write_text(token)
            host.run(f"{LOCAL}/worker.sh {head.name} --num-gpus=1 {_SIZE}")
        yield RayCluster(head, workers, folder)


def end(sweep: subprocess.Popen[bytes]) -> int:
    """The exit code of a sweep, once it has ended."""
    return sweep.wait(timeout=LONGEST_S)


def wait_until(sweep: subprocess.Popen[bytes], claim: Callable[[], bool]) -> None:
    """Until a claim comes true; RuntimeError where the sweep ends before, or takes too long."""
    ends = time.monotonic() + LONGEST_S
    while not claim():
        if sweep.poll() is not None or time.monotonic() > ends:
            raise RuntimeError(f"the sweep does not get there; its exit code is {sweep.returncode}")
        time.sleep(0.3)
