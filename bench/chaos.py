"""Kills a real sweep at random, again and again, and counts what is lost: nothing may be.

    python -m bench.chaos [--seed 0] [--rounds 20] [--trials 40] [--extend 60] [--space grid|random]

prints one JSON document, and exits with 1 where a promise was broken. A sweep of tiny trainings runs on an embedded Ray
cluster of two slots. Each round sends SIGKILL, at a random moment, to a worker in the middle of a step (every second
one), to one in its start, to the driver, the raylet, Ray's control store or everything below the benchmark, and where
that ended the command runs the same again, until the sweep is finished. With `--extend` the finished sweep is then
asked for more trials.

Then the same sweep runs undisturbed in another folder, in one process without Ray, and the trials with the same
parameters are compared: value, epochs, confusion matrix and every metric that is not a time must be the same bits.
`grid` names the parameter sets beforehand, so that both sweeps finish the same ones; with `random` those that both have
are compared.

`lost`: parameter sets that were asked and never ended. `doubled`: sets that ended twice. `resumed`: retries whose
history begins with the very lines, times included, of the trial they take over. `exit_codes`: how the command ended
after each kind of kill, where it did. `stuck`: how often it neither ended nor went on. `processes_left`: what a sweep
left behind.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench import family
from bench.commands import FERRAY, environment
from bench.tally import compare, tally
from ferray.study.history import load_sweep

STEP, START, GCS = "worker in a step", "worker in its start", "control store"
KINDS = (STEP, "driver", STEP, START, STEP, "raylet", STEP, "everything", STEP, GCS)  # half of them in steps
NAME = "chaos"
LINES_PER_TRIAL = 8 + 12  # of the journal: asked, two parameters, an epoch each, told
EARLY_FRACTION = 0.15  # of the kills fall within the first seconds, whatever the sweep is doing then
EARLY_S = 6.0
STUCK_S = 150.0
LEFT_AFTER_S = 20.0
SPACE = """
dataset: {{demo: {{num_train: 140, num_val: 70, num_test: 7}}}}
budget: {{trials: {trials}}}
sampler: random
pruner: none
base: {{image_size: 32, augment: light, backbone: {{tiny_cnn: {{width: 4, depth: 3}}}}, batch_size: 32, epochs: 12}}
space: {space}
"""
SPACES = {
    "grid": "{head.dropout: {grid: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}, "
    "optimizer.lr: {grid: [1.0e-4, 2.0e-4, 5.0e-4, 1.0e-3, 2.0e-3, 5.0e-3, 1.0e-2, 2.0e-2]}}",
    "random": "{optimizer.lr: {log_uniform: [1.0e-4, 2.0e-2]}, head.dropout: {uniform: [0.0, 0.7]}}",
}


@dataclass(frozen=True)
class Blow:
    """One kill: whom, and when, counted from the one before: after so many lines of the journal, and a little later."""

    kind: str
    lines: int
    delay_s: float


@dataclass
class Sweep:
    """The sweep under attack, and what has been seen of it."""

    folder: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    kills: list[str] = field(default_factory=list)
    ends: list[tuple[str, int]] = field(default_factory=list)  # the kill that went before, and the exit code
    stuck: int = 0

    @property
    def num_lines(self) -> int:
        """Lines of the journal that tell of trials; the lease is renewed whatever they do."""
        journal = self.folder / NAME / "study.journal"
        if not journal.exists():
            return 0
        written = journal.read_bytes()
        return written.count(b"\n") - written.count(b'"lease"')

    def start(self) -> None:
        """Run the command, its words into a log, in a process group of its own."""
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=environment(self.folder), start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self.process.pid if self.process is not None else 0

    def is_running(self) -> bool:
        family.reap({self.pid})
        return self.process is not None and self.process.poll() is None

    def wait_until(self, claim: Callable[[], object]) -> bool:
        """Whether the claim came true before the command ended; one that stands still for too long is killed."""
        seen, since = self.num_lines, time.monotonic()
        while self.is_running() and not claim():
            if self.num_lines > seen:
                seen, since = self.num_lines, time.monotonic()
            if time.monotonic() - since > STUCK_S:
                self.stuck += 1
                family.kill(family.members())
            time.sleep(0.05)
        return self.is_running()

    def strike(self, blow: Blow) -> bool:
        """Deal the blow at its moment; False where the command ended before."""
        wanted = self.num_lines + blow.lines
        if not self.wait_until(lambda: self.num_lines >= wanted):
            return False
        time.sleep(blow.delay_s)
        if blow.kind == START and not self._victims(START):
            self.strike(Blow(STEP, 0, 0.0))  # another starts in its place
        victims: list[psutil.Process] = []

        def are_found() -> bool:
            victims[:] = self._victims(blow.kind)
            return bool(victims)

        if not self.wait_until(are_found):
            return False
        family.kill(victims)
        self.kills.append(blow.kind)
        return True

    def _victims(self, kind: str) -> list[psutil.Process]:
        if kind == "driver":
            return [process for process in family.members() if process.pid == self.pid]
        if kind == "everything":
            return family.members()
        if kind == START:
            return family.in_their_start()[:1]
        return family.titled({STEP: family.IN_A_STEP, GCS: family.CONTROL_STORE}.get(kind, family.RAYLET))[:1]

    def finish(self) -> int:
        """Wait for the command's own end: its exit code."""
        assert self.process is not None
        self.wait_until(lambda: False)
        code = self.process.wait()
        self.ends.append((self.kills[-1] if self.kills else "nothing", code))
        return code


def plan(seed: int, rounds: int, trials: int) -> list[Blow]:
    """The blows, the same for the same seed: every kind within ten rounds, spread over most of the sweep."""
    generator = random.Random(seed)
    most_lines = max(2, int(0.8 * trials * LINES_PER_TRIAL / max(rounds, 1)))
    kinds: list[str] = []
    while len(kinds) < rounds:
        kinds += generator.sample(KINDS, len(KINDS))
    blows = []
    for kind in kinds[:rounds]:
        early = generator.random() < EARLY_FRACTION
        lines = 0 if early else generator.randint(1, most_lines)
        blows.append(Blow(kind, lines, generator.uniform(0, EARLY_S if early else 0.5)))
    return blows


def run_disturbed(sweep: Sweep, blows: list[Blow]) -> int:
    """Start, strike, start again what the blow ended; the exit code at last."""
    sweep.start()
    for blow in blows:
        while not sweep.strike(blow):
            if sweep.finish() == 0:
                return 0
            sweep.start()
        if blow.kind in ("driver", "everything"):
            sweep.finish()
            sweep.start()
    for _ in blows:
        if sweep.finish() == 0:
            return 0
        sweep.start()  # what a raylet's death has ended
    return sweep.finish()


def run_alone(sweep: Sweep) -> int:
    """Run the command without a kill."""
    sweep.start()
    return sweep.finish()


def command(folder: Path, *, seed: int, trials: int, launcher: str = "ray") -> list[str]:
    """The same command every time, as a user would repeat it."""
    options = ["--trials", str(trials), "--seed", str(seed), "--max-concurrent", "2", "--device", "cpu"]
    place = ["--output", str(folder), "--tracker", "none", "--max-retries", "1000", "--launcher", launcher]
    return [*FERRAY, "sweep", str(folder.parent / f"{NAME}.yaml"), *options, *place]


def measure(root: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Everything: the disturbed sweep, its extension, the undisturbed one, and what they say of each other."""
    space = SPACE.format(trials=given.trials, space=SPACES[given.space])
    (root / f"{NAME}.yaml").write_text(space)
    place = root / "hit"
    place.mkdir()
    sweep, started = Sweep(place, command(place, seed=given.seed, trials=given.trials)), time.monotonic()
    code = run_disturbed(sweep, plan(given.seed, given.rounds, given.trials))
    figures: dict[str, Any] = {
        "rounds": len(sweep.kills),
        "kills": dict(sorted(Counter(sweep.kills).items())),
        "exit_codes": {kind: [code for after, code in sweep.ends if after == kind] for kind in sorted(set(KINDS))},
        "last_exit_code": code,
        "stuck": sweep.stuck,
        "seconds": round(time.monotonic() - started, 1),
        **tally(place / NAME),
    }
    if given.extend:
        figures["extended"] = extend(sweep, given.seed, given.extend)
    figures["processes_left"] = family.left_after(LEFT_AFTER_S)
    whole = root / "whole"
    whole.mkdir()
    run_alone(Sweep(whole, command(whole, seed=given.seed, trials=given.extend or given.trials, launcher="inline")))
    figures["against_undisturbed"] = compare(load_sweep(whole / NAME), load_sweep(place / NAME))
    return figures


def extend(sweep: Sweep, seed: int, trials: int) -> dict[str, Any]:
    """Ask the finished sweep for more: what it holds then, and which of its trials have changed."""
    before = load_sweep(sweep.folder / NAME)
    sweep.command = command(sweep.folder, seed=seed, trials=trials)
    code = run_alone(sweep)
    changed = compare(before, load_sweep(sweep.folder / NAME))["differ"]
    return {"last_exit_code": code, "changed": changed, **tally(sweep.folder / NAME)}


def broken_promises(figures: dict[str, Any], trials: int, extend: int | None) -> list[str]:
    """What should not be, in words."""
    broken = [key for key in ("lost", "doubled", "left_running", "stuck", "last_exit_code") if figures[key]]
    broken += ["finished"] if figures["finished"] != trials else []
    last = figures.get("extended", {})
    broken += [f"extended.{key}" for key in ("lost", "doubled", "left_running", "changed") if last.get(key)]
    broken += ["extended.finished"] if extend and last.get("finished") != extend else []
    broken += ["against_undisturbed"] if figures["against_undisturbed"]["differ"] else []
    return broken + (["processes_left"] if figures["processes_left"] else [])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=40, help="of the sweep that is killed")
    parser.add_argument("--extend", type=int, help="afterwards, to so many")
    parser.add_argument("--space", choices=sorted(SPACES), default="grid")
    parser.add_argument("--keep", type=Path, help="leave the folders here")
    given = parser.parse_args()
    family.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left behind
    # Short, because Ray puts sockets below it and their paths may have 107 letters.
    with tempfile.TemporaryDirectory(prefix="fc", dir="/tmp", ignore_cleanup_errors=True) as folder:
        root = given.keep or Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        try:
            figures = measure(root, given)
        finally:
            family.left_after(0)
    broken = broken_promises(figures, given.trials, given.extend)
    asked = {"seed": given.seed, "trials": given.trials, "space": given.space, "slots": 2}
    print(json.dumps({"benchmark": "chaos", "asked_for": asked, **figures, "broken": broken}, indent=2))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
