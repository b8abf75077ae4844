"""Where a fault is played: a folder, a tiny sweep in it, and the words, exit codes and records that come of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import family
from bench.commands import FERRAY, environment
from bench.tally import tally
from ferray.errors import ConfigError
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord

NAME = "faults"
TRIALS = 4
PATIENCE_S = 240.0
SPACE = """
dataset: {dataset}
budget: {{trials: {trials}}}
sampler: random
pruner: none
base:
  {{image_size: 32, augment: none, backbone: {{tiny_cnn: {{width: 4, depth: 3}}}}, batch_size: 32, epochs: {epochs}}}
space: {{optimizer.lr: {{log_uniform: [1.0e-4, 1.0e-2]}}, imbalance: {{one_of: {imbalance}}}}}
"""
DEMO = "{demo: {num_train: 140, num_val: 70, num_test: 7}}"


@dataclass(frozen=True)
class Ran:
    """A command that has ended, `ended` by the time of day. `err` and `out` are what the user saw."""

    code: int
    out: str
    err: str
    seconds: float
    ended: float

    def saw(self, pattern: str) -> str:
        """The first line, on stderr or stdout, in which the pattern is found; what there was instead, otherwise."""
        lines = [line.strip() for line in (self.err + self.out).splitlines()]
        found = [line for line in lines if re.search(pattern, line)]
        return found[0] if found else f"NOT SEEN: {pattern}"


@dataclass(frozen=True)
class Seen:
    """What came of a fault: a line the user saw, the exit code, and what was lost, in words."""

    said: str
    exit_code: int
    lost: str = "nothing"

    @property
    def is_well(self) -> bool:
        return self.lost == "nothing" and not self.said.startswith("NOT SEEN")


@dataclass
class Stage:
    """The folder of one fault.

    `variables` are added to the environment of every command; `runs_folder` is where the sweep is, if not in `folder`.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    runs_folder: Path | None = None
    epochs: int = 6

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_space(epochs=self.epochs)

    @property
    def runs(self) -> Path:
        return self.runs_folder or self.folder / "runs"

    @property
    def sweep_folder(self) -> Path:
        return self.runs / NAME

    @property
    def journal(self) -> Path:
        return self.sweep_folder / "study.journal"

    def write_space(
        self, *, imbalance: str = "[none]", dataset: str = DEMO, trials: int = TRIALS, epochs: int = 6
    ) -> None:
        """Another sweep than the plain one; `imbalance` and `dataset` are YAML."""
        text = SPACE.format(imbalance=imbalance, dataset=dataset, trials=trials, epochs=epochs)
        (self.folder / f"{NAME}.yaml").write_text(text)

    def own_cache(self) -> Path:
        """A cache that no other fault has filled."""
        cache = self.folder / "cache"
        cache.mkdir()
        self.variables["FERRAY_CACHE"] = str(cache)
        return cache

    def sweep_command(self, *options: str) -> list[str]:
        place = ["--output", str(self.runs), "--device", "cpu", "--seed", "3", "--max-concurrent", "2"]
        tracker = [] if "--tracker" in options else ["--tracker", "none"]
        launcher = [] if "--launcher" in options else ["--launcher", "inline"]
        return [*FERRAY, "sweep", str(self.folder / f"{NAME}.yaml"), *place, *tracker, *launcher, *options]

    def start(self, *options: str, before: Callable[[], None] | None = None) -> Running:
        """Run the sweep beside us. `before` is called in the new process."""
        return Running(self, self.sweep_command(*options), before)

    def sweep(self, *options: str, before: Callable[[], None] | None = None) -> Ran:
        """Run the sweep to its end."""
        return self.start(*options, before=before).wait()

    def ferray(self, command: str, *options: str) -> Ran:
        """Run another command on the sweep."""
        return Running(self, [*FERRAY, command, NAME, "--output", str(self.runs), *options], None).wait()

    def record(self) -> SweepRecord:
        return load_sweep(self.sweep_folder)

    def num_ended(self) -> int:
        """Trials that have ended, by the store; 0 before there is one."""
        if not self.journal.exists() or not self.journal.stat().st_size:
            return 0
        try:
            return tally(self.sweep_folder)["finished"] or 0
        except ConfigError:  # the driver writes it at this moment
            return 0

    def is_under_way(self) -> bool:
        """Whether a trial has ended and another one is past its first epochs."""
        if not self.num_ended():
            return False
        folders = [self.sweep_folder / trial.folder for trial in self.record().trials if trial.state == "running"]
        histories = [folder / "history.jsonl" for folder in folders]
        return any(path.exists() and path.read_text().count("\n") >= 5 for path in histories)

    def lost(self, trials: int = TRIALS) -> str:
        """What the store lacks of so many trials finished once each, in words."""
        counts = tally(self.sweep_folder)
        wrong = {key: counts[key] for key in ("lost", "doubled", "left_running") if counts[key]}
        if counts["finished"] != trials:
            wrong["finished"] = f"{counts['finished']} of {trials}"
        return ", ".join(f"{key}: {value}" for key, value in wrong.items()) or "nothing"


AWAITED: set[int] = set()  # processes whose exit code somebody will ask for


class Running:
    """A command that runs, its words going into files."""

    def __init__(self, stage: Stage, command: list[str], before: Callable[[], None] | None) -> None:
        self._folder = stage.folder
        self._since = time.monotonic()
        with self._file("out").open("w") as out, self._file("err").open("w") as err:
            self.process = subprocess.Popen(
                command,
                stdout=out,
                stderr=err,
                env=environment(stage.folder, **stage.variables),
                start_new_session=True,
                preexec_fn=lambda: _begin(before),
            )
        AWAITED.add(self.process.pid)

    def until(self, claim: Callable[[], object]) -> bool:
        """Wait for it; False where the command ended, or said nothing for too long and was killed, before that."""
        words, heard = 0, time.monotonic()
        while self.process.poll() is None and not claim():
            family.reap(AWAITED)
            if (said := len(self._words("err"))) > words:
                words, heard = said, time.monotonic()
            if time.monotonic() - heard > PATIENCE_S:
                family.kill(family.members())
            time.sleep(0.1)
        return self.process.poll() is None

    def has_said(self, words: str) -> bool:
        """Whether the user has read this so far."""
        return words in self._words("err")

    def kill_one(self, look: Callable[[], list[psutil.Process]]) -> None:
        """Wait for a process that `look` finds, and kill it at once."""
        family.kill(self._found(look))

    def stop_one(self, look: Callable[[], list[psutil.Process]]) -> None:
        """Wait for a process that `look` finds, and stop it at once, as Ctrl-Z does."""
        for process in self._found(look):
            process.suspend()

    def _found(self, look: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
        found: list[psutil.Process] = []

        def is_found() -> bool:
            found[:] = look()[:1]
            return bool(found)

        self.until(is_found)
        return found

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)
        self._since = time.monotonic()

    def kill_everything(self) -> None:
        family.kill(family.members())

    def wait(self) -> Ran:
        """Its end; `seconds` count from its start, or from the last signal."""
        self.until(lambda: False)
        AWAITED.discard(self.process.pid)
        seconds = time.monotonic() - self._since
        return Ran(self.process.returncode, self._words("out"), self._words("err"), seconds, time.time())

    def _words(self, name: str) -> str:
        return self._file(name).read_text(errors="replace")

    def _file(self, name: str) -> Path:
        return self._folder / f"std{name}.txt"


def _begin(act: Callable[[], None] | None) -> None:
    """In the new process: Ctrl-C is heard even where a shell started us in the background, deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if act is not None:
        act()


Fault = Callable[[Stage], Seen]
