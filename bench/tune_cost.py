"""What Ray Tune itself costs the driver: CPU a result and a trial, and whether a long sweep makes it dearer.

    python -m bench.tune_cost [--trials 3000] [--steps 4] [--slots 2]

prints one JSON document. ferray's own Tune thread (`ferray/launch/_tune.py`) runs trials of no work on warm actors of
an embedded Ray: what is left is Tune, its searcher and scheduler, the handover and Ray's calls. CPU is that of the
driver's process, all its threads; raylet and workers are others. `cpu_ms_a_trial` is that of each block of trials, in
their order.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

import ray

import ferray.launch.ray  # noqa: F401  # first: it sets what Ray reads when it is imported
from bench.idle_trainable import Idle
from bench.record import environment
from ferray.config.job import JobBundle, TrialJob
from ferray.events import EpochReport
from ferray.launch import _tune
from ferray.launch._clusters import own_cluster
from ferray.sweeps.placement import Placement

BLOCK = 500


def run(num_trials: int, num_steps: int, slots: int, scratch: Path) -> list[float]:
    """CPU seconds of this process after each block of trials."""
    thread = _tune.TuneThread(Placement(1, 0.0, slots), scratch)
    bundles = (_tune.BundleHandle(JobBundle((TrialJob(n, {"epochs": num_steps}, ""),))) for n in range(num_trials))
    ended, marks = 0, [time.process_time()]
    for handle in itertools.islice(bundles, slots):
        thread.submit(handle)
    while ended < num_trials:
        message = thread.next(1.0)
        if isinstance(message, _tune.ActorDied):
            raise SystemExit(message.words)
        if message is None:
            continue
        ((number, report),) = message.results.items()
        if isinstance(report, EpochReport) and report.epoch == num_steps:
            message.handle.numbers.discard(number)
            ended += 1
            if ended % BLOCK == 0:
                marks.append(time.process_time())
            if (following := next(bundles, None)) is not None:
                thread.submit(following)
    thread.finish()
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--slots", type=int, default=2)
    asked = parser.parse_args()
    setattr(_tune, "BundleTrainable", Idle)  # noqa: B010  # a name of that module's for a class of another
    with tempfile.TemporaryDirectory() as folder, own_cluster(Path(folder)) as options:
        ray.init(**options, num_cpus=asked.slots, log_to_driver=False)
        try:
            marks = run(asked.trials, asked.steps, asked.slots, Path(folder) / "tune")
        finally:
            ray.shutdown()
    blocks = [1000 * (after - before) / BLOCK for before, after in itertools.pairwise(marks)]
    figures = {"steps": asked.steps, "slots": asked.slots, "trials_a_block": BLOCK, "cpu_ms_a_trial": blocks}
    json.dump({"machine": environment(), **figures}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
