"""The real W&B client online, against a stand-in for its server on the loopback address."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ferray.testing.fake_sweep import TRIALS
from ferray.testing.wandb_faults import Faults
from ferray.testing.wandb_replies import Record
from ferray.testing.wandb_server import Reply, WandbServer

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
PLAY = """
import sys
from pathlib import Path
from ferray.testing.trackers import play
from ferray.track.wandb import Wandb
{clock}
tracker = Wandb(Path(sys.argv[1]), clock=clock)
play(tracker)
tracker.close()
"""
REAL = "from time import monotonic as clock"
HURRIED = """
from itertools import count
clock = count(0, 1000).__next__
"""
STRIDING = HURRIED.replace("1000", "10")  # seconds at each look
INTERRUPTED = """
def clock():
    raise KeyboardInterrupt
"""


@dataclass(frozen=True)
class Played:
    """What came of the fake sweep: what the server has, what the user saw, the sweep's folder."""

    server: Record
    err: str
    folder: Path

    @property
    def troubles(self) -> list[str]:
        """What was said of W&B, but for how far an upload is, which is news of the machine and not of the sweep."""
        return [line for line in self.err.splitlines() if "W&B" in line and "still" not in line]

    @property
    def rows_of_trials(self) -> list[int]:
        """The number of epochs of each run, in order of the runs' names."""
        runs = sorted(self.server.runs, key=lambda run: self.server.runs[run]["displayName"])
        return [sum("val/uar" in row for row in self.server.rows[run]) for run in runs]


def play(folder: Path, server: WandbServer, clock: str = REAL) -> Played:
    """Play the fake sweep in a process of its own: wandb keeps its settings for as long as one lives."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {**kept, "WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY, "HOME": str(home), "TMPDIR": str(home)}
    command = [sys.executable, "-c", PLAY.format(clock=clock), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=True)
    return Played(server.record, done.stdout + done.stderr, folder)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The sweep played twice into one folder, as a sweep that goes on does."""
    folder = tmp_path_factory.mktemp("online") / "sweep"
    folder.mkdir()
    with WandbServer() as server:
        play(folder, server)
        yield play(folder, server)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = tmp_path / "sweep"
    folder.mkdir()
    return folder


def test_each_trial_is_one_run_however_often_it_goes_on(played: Played) -> None:
    assert len(played.server.runs) == len(TRIALS)


def test_no_epoch_is_sent_twice(played: Played) -> None:
    assert played.rows_of_trials == [3, 1, 0, 1, 2, 1, 0]


def test_outcomes_are_in_the_summary(played: Played) -> None:
    outcomes = sorted(summary["outcome"] for summary in played.server.summaries.values())
    assert outcomes == sorted(["completed", "pruned", "failed", "diverged", "completed", "interrupted", "interrupted"])


def test_nothing_is_said_when_all_is_well(played: Played) -> None:
    assert played.troubles == []


def test_key_is_in_no_file_and_no_output(played: Played) -> None:
    files = [path for path in played.folder.parent.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert (files, KEY in played.err) == ([], False)


def test_refused_key_costs_one_line_and_no_run(sweep: Path) -> None:
    with WandbServer(refuses_key=True) as server:
        played = play(sweep, server)
    assert len(played.troubles) == 1
    assert len(list(sweep.glob("wandb/offline-run-*"))) == len(TRIALS)


def test_no_row_is_there_but_for_an_epoch(played: Played) -> None:
    assert [row for rows in played.server.rows.values() for row in rows if "epoch" not in row] == []


def test_tables_are_in_the_summary(played: Played) -> None:
    tables = [summary["best/confusion_table"] for summary in played.server.summaries.values() if "score" in summary]
    assert [(table["ncols"], table["nrows"]) for table in tables] == [(3, 4), (3, 4)]


def test_runs_are_trials_of_the_sweeps_group(played: Played) -> None:
    assert {(run["jobType"], run["groupName"]) for run in played.server.runs.values()} == {("trial", "fake")}


def test_no_file_is_left_outside_the_sweeps_folder(played: Played) -> None:
    files = [path for path in played.folder.parent.rglob("*") if path.is_file()]
    assert [file for file in files if not file.is_relative_to(played.folder)] == []


class GatedServer(WandbServer):
    """Answers whoever opens a run only when three do so at once; the rest at once."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Barrier(3)
        self.first = iter(range(3))

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        if b"query RunResumeStatus" in body and next(self.first, None) is not None:
            self.gate.wait(timeout=600)
        return super().answer(method, path, body)


def test_several_runs_are_opened_at_once(sweep: Path) -> None:
    with GatedServer() as server:
        play(sweep, server)
    assert (server.gate.broken, len(server.record.runs)) == (False, len(TRIALS))


@pytest.mark.parametrize("clock", [HURRIED, INTERRUPTED], ids=["time is up", "Ctrl-C"])
def test_an_upload_that_is_cut_short_leaves_no_run_complete_and_says_how_to_go_on(sweep: Path, clock: str) -> None:
    with WandbServer(faults=Faults(delay_s=0.5)) as server:
        played = play(sweep, server, clock)
    assert server.record.ended == {}
    assert "not uploaded whole; to upload later: `" in played.troubles[-1]


def test_time_left_for_an_upload_is_told_while_there_is_some(sweep: Path) -> None:
    with WandbServer(faults=Faults(delay_s=0.5)) as server:
        played = play(sweep, server, STRIDING)
    left = [int(seconds) for seconds in re.findall(r"at most (\S+) s more", played.err)]
    assert min(left) > 0
