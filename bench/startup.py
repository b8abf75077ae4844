"""What a user waits for before anything is trained, and for the answers of commands that train nothing.

    python -m bench.startup [--quick]

prints one JSON document. `first_epoch`: from the command `ferray sweep` to the start of its first epoch, over a bare
script (`bench/bare_start.py`) from its start to the end of its first batch: three pairs in turns, wall seconds, and
`first_epoch_cpu` the processor seconds of both process trees up to that moment. The sweep is ResNet-18 at 64 px on
drawn faces, two slots, journal and offline W&B on. Its data is decoded, and its networks have been tried, by a sweep
before that is not counted, as in any but the first over a space. `first_sweep` is that one, once, with nothing kept.

`mistake_*`: wrong sweeps, from the command to the end of the process. `list`, `show`, `leaderboard` and `trials` the
same. Medians.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.processes import Watch
from bench.record import Cost, Record, cpus, interleaved, print_record, recording, walls
from bench.sweep_run import environment, first_epochs

PAIRS, ASKED = 3, 3
MOST_RATIO, MISTAKE_S, ANSWER_S = 1.3, 2.0, 1.0
NAME = "bench"  # as `first_epochs` looks for
SPACE = """
dataset: {demo: {num_train: 140, num_val: 70, num_test: 7}}
budget: {trials: 2}
base: {backbone: {timm: {name: resnet18}}, image_size: 64, augment: light, batch_size: 32, epochs: 1}
space: {optimizer.lr: {log_uniform: [1.0e-4, 1.0e-2]}}
"""
FERRAY = (sys.executable, "-c", "from ferray.cli import main; main()")
MISTAKES = {
    "mistake_name": ["sweep", "{space}", "--set", "backbone=resnet81"],
    "mistake_range": ["sweep", "{space}", "--set", "head.dropout=1.5"],
    "mistake_data": ["sweep", "sfew", "--data-root", "{nowhere}"],
}
ANSWERS = {
    "list": ["list"],
    "show": ["show", "keys"],
    "leaderboard": ["leaderboard", "{sweep}"],
    "trials": ["trials", "{sweep}"],
}


def ferray_start(folder: Path, space: Path, output: str) -> Cost:
    """Seconds from the command to the start of its first epoch."""
    command = [*FERRAY, "sweep", str(space), "--output", str(folder / output), "--quiet", "--max-concurrent", "2"]
    began, known = time.time(), dict[str, float]()
    with subprocess.Popen([*command, "--device", "cpu"], stdout=subprocess.DEVNULL, env=environment(folder)) as process:
        watch = Watch(process.pid)
        while process.poll() is None:
            watch.look()
            known = first_epochs(folder / output, known)
            time.sleep(0.1)
    first = min(first_epochs(folder / output, known).values())
    return Cost(first - began, watch.cpu_s_between(began, first))


def bare_start(folder: Path) -> Cost:
    """Seconds from the start of the bare script to the end of its first batch."""
    began = time.time()
    command = [sys.executable, "-m", "bench.bare_start"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(folder)) as process:
        watch = Watch(process.pid)
        while process.poll() is None:
            watch.look()
            time.sleep(0.1)
        assert process.stdout is not None, "it is piped"
        trained = float(process.stdout.read())
    return Cost(trained - began, watch.cpu_s_between(began, trained))


def pairs(sides: dict[str, Callable[[], Cost]], rounds: int) -> dict[str, list[Cost]]:
    """What each side says of itself, in turns."""
    told: dict[str, list[Cost]] = {name: [] for name in sides}
    interleaved({name: lambda name=name, side=side: told[name].append(side()) for name, side in sides.items()}, rounds)  # type: ignore[misc]
    return told


def answered(folder: Path, words: list[str], *, code: int) -> Cost:
    """What one command costs from its start to its end; it has to end with `code`."""
    began, before = time.perf_counter(), os.times()
    done = subprocess.run([*FERRAY, *words], capture_output=True, text=True, env=environment(folder), check=False)
    wall, after = time.perf_counter() - began, os.times()
    if done.returncode != code:
        raise SystemExit(f"`{' '.join(words)}` ended with {done.returncode}: {done.stderr}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, spent)


def measure(quick: bool = False) -> Record:
    """Everything, in a folder of its own that goes away."""
    with tempfile.TemporaryDirectory(prefix="ferray-startup-") as made, recording("startup", quick=quick) as record:
        folder = Path(made)
        space = folder / f"{NAME}.yaml"
        space.write_text(SPACE)
        record.state("first_sweep", ferray_start(folder, space, "first").wall_s, "s")
        outputs = iter(range(PAIRS))
        sides = {
            "floor": lambda: bare_start(folder),
            "ferray": lambda: ferray_start(folder, space, f"again-{next(outputs)}"),
        }
        found = pairs(sides, 1 if quick else PAIRS)
        ours, floor = found["ferray"], found["floor"]
        record.compare("first_epoch", walls(ours), walls(floor), at_most=MOST_RATIO)
        record.compare("first_epoch_cpu", cpus(ours), cpus(floor))
        known = {"space": str(space), "nowhere": str(folder / "nowhere"), "sweep": str(folder / "first" / NAME)}
        for code, most, commands in ((2, MISTAKE_S, MISTAKES), (0, ANSWER_S, ANSWERS)):
            for name, words in commands.items():
                expected = 3 if name == "mistake_data" else code
                asked = [word.format(**known) for word in words]
                costs = [answered(folder, asked, code=expected) for _ in range(1 if quick else ASKED)]
                record.state(name, median(cost.wall_s for cost in costs), "s", at_most=most)
                record.state(f"{name}_cpu", median(cost.cpu_s for cost in costs), "s")
    return record.document()


if __name__ == "__main__":
    print_record(measure, __doc__)
