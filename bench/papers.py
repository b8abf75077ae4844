"""Every paper's space, cut down by `--quick`, on synthetic data of the paper's shape.

    python -m bench.papers [wang2020 ...] [--scale 1.0] [--folder DIR]

draws the data (`ferray.testing.paper_data`) and, for each X (all, where none is named), runs `ferray sweep papers/X
--quick`, `ferray evaluate X-quick --all` where the paper measured on a test split, and `ferray compare papers/X
--quick`. It writes a line a paper to stderr, prints one JSON document, and ends with 1 where one failed. Three papers
run on an embedded Ray, the others inline, so that both ways are gone. `--folder` keeps data, caches and results, and a
second start goes on there; otherwise everything goes away. The figures say that the spaces run and what they take; what
is learnt from drawn faces says nothing about a paper.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.commands import FERRAY, environment
from ferray.config.load import load_space
from ferray.config.overrides import Overrides
from ferray.testing.paper_data import write_papers

LAST_WORDS = 12  # lines of a failed command that are shown


@dataclass(frozen=True)
class Paper:
    """A space, the data root it reads (`sfew1` or `sfew2`), and what has to be prepared there first."""

    name: str
    root: str
    prepare: tuple[str, ...] = ()
    launcher: str = "inline"


@dataclass(frozen=True)
class Ran:
    """What came of a paper: the exit code of each command that was run, and the seconds of all of them.

    `cpu_s` is what they took of all cores; Ray's workers are not in it.
    """

    paper: str
    launcher: str
    seconds: float
    cpu_s: float
    exit_codes: dict[str, int]

    @property
    def is_well(self) -> bool:
        return not any(self.exit_codes.values())

    def line(self) -> str:
        """For the eye."""
        codes = ", ".join(f"{command} {code}" for command, code in self.exit_codes.items())
        return f"{self.paper:<20} {self.launcher:<7} {self.seconds:7.1f} s {self.cpu_s:7.1f} CPU s  exit codes: {codes}"


PAPERS = (
    Paper("dhall2011-svm", "sfew2"),
    Paper("wang2020-features", "sfew1"),
    Paper("liu2020", "sfew1"),
    Paper("wang2020", "sfew2", launcher="ray"),
    Paper("wang2020-backbones", "sfew2"),
    Paper("ng2015-fer2013", "sfew2"),
    Paper("ng2015-transfer", "sfew2"),
    Paper("assa2021", "sfew2", launcher="ray"),
    Paper("gong2020", "sfew1", prepare=("sfew", "--faces", "mtcnn", "--missed", "center")),
    Paper("elizabeth2021", "sfew2", launcher="ray"),
)


def run_papers(names: Sequence[str], folder: Path, *, scale: float) -> list[Ran]:
    """Draw what is missing in `folder`, and run these papers there one after another; a line each to stderr."""
    data = folder / "data"
    if not (data / "SYNTHETIC.txt").exists():
        write_papers(data, scale=scale)
    chosen = [paper for paper in PAPERS if not names or paper.name in names]
    done = []
    for paper in chosen:
        done.append(run_paper(paper, folder))
        print(done[-1].line(), file=sys.stderr, flush=True)
    return done


def run_paper(paper: Paper, folder: Path) -> Ran:
    """Its commands one after another, as far as they succeed."""
    since, cpu_since = time.monotonic(), _cpu_s()
    exit_codes: dict[str, int] = {}
    for command, words in _commands(paper, folder).items():
        exit_codes[command] = _ferray(folder, *words)
        if exit_codes[command]:
            break
    seconds, cpu_s = time.monotonic() - since, _cpu_s() - cpu_since
    return Ran(paper.name, paper.launcher, round(seconds, 1), round(cpu_s, 1), exit_codes)


def _commands(paper: Paper, folder: Path) -> dict[str, list[str]]:
    root, runs = ["--data-root", str(folder / "data" / paper.root)], ["--output", str(folder / "runs")]
    space = [f"papers/{paper.name}", "--quick"]
    spec, _ = load_space(space[0], Overrides(quick=True))
    commands = {"prepare": ["data", "prepare", *paper.prepare, *root, "--quiet"]} if paper.prepare else {}
    commands["sweep"] = ["sweep", *space, *root, *runs, "--launcher", paper.launcher, "--tracker", "none", "--quiet"]
    if any(row.arm is not None and row.measured_on == "test" for row in spec.published):
        commands["evaluate"] = ["evaluate", spec.name, "--all", *root, *runs]
    return {**commands, "compare": ["compare", *space, *runs]}


def _cpu_s() -> float:
    """Of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ferray(folder: Path, *words: str) -> int:
    """The exit code of a command; its last words go to stderr where it is not 0."""
    variables = environment(folder / "own")
    done = subprocess.run([*FERRAY, *words], env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        words_said = (done.stdout + done.stderr).splitlines()[-LAST_WORDS:]
        print(f"$ ferray {' '.join(words)}", *words_said, sep="\n", file=sys.stderr)
    return done.returncode


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Run the papers' spaces, cut down, on synthetic data.")
    parser.add_argument("papers", nargs="*", metavar="PAPER", choices=[[], *(paper.name for paper in PAPERS)])
    parser.add_argument("--scale", type=float, default=1.0, help="so many samples for one of the real sets'")
    parser.add_argument("--folder", type=Path, help="keep data and results here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ferray-papers-") as temporary:
        folder = (asked.folder or Path(temporary)).absolute()
        done = run_papers(asked.papers, folder, scale=asked.scale)
    print(json.dumps({"scale": asked.scale, "papers": [asdict(ran) for ran in done]}, indent=1))
    return 0 if all(ran.is_well for ran in done) else 1


if __name__ == "__main__":
    sys.exit(main())
