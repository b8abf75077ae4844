"""Ctrl-C while a sweep that has ended is brought up or shown in W&B, by a server that answers nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from ferray.testing.wandb_server import Reply, WandbServer
from ferray.track.wandb_runs.place import WandbPlace

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
LISTENER = """
import sys
from pathlib import Path
from ferray.events import Listener
class Told(Listener):
    def warned(self, line):
        print(line)
folder = Path(sys.argv[1])
"""
SETTLE = """
from ferray.apps.sync import settle
from ferray.config.place import read_place
settle(read_place(folder), Told())
"""
PUBLISH = """
from ferray.apps.publish import publish_at_end
from ferray.results.sweep import load
publish_at_end(load(folder).record, folder, Told())
"""


class HeldServer(WandbServer):
    """Answers no question, and presses Ctrl-C in the process `pid` at the first."""

    def __init__(self) -> None:
        super().__init__()
        self.pid = 0
        self._gate = Event()
        self._first = iter([True])

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        if path == "/graphql":
            if next(self._first, False):
                os.kill(self.pid, signal.SIGINT)
            self._gate.wait(timeout=600)
        return super().answer(method, path, body)

    def stop(self) -> None:
        self._gate.set()
        super().stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(Path(__file__).parents[1] / "written_by_0_1_0" / "plain", tmp_path / "plain"))
    WandbPlace(entity="somebody", is_online=True).remember(folder)
    return folder


def interrupted(script: str, folder: Path) -> tuple[str, str, int]:
    """What a process that does this says, its errors, and how it ends."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    with HeldServer() as server:
        told = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY, "no_proxy": "127.0.0.1", "HOME": str(folder.parent)}
        command = [sys.executable, "-c", LISTENER + script, str(folder)]
        ran = subprocess.Popen(command, env=kept | told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server.pid = ran.pid
        out, err = ran.communicate(timeout=600)
    return out, err, ran.returncode


def test_runs_that_are_brought_up_are_left_to_sync_and_nothing_else_is_tried(folder: Path) -> None:
    out, err, code = interrupted(SETTLE, folder)
    assert (err, code) == ("", 0)
    assert out.startswith("the runs in W&B are not all up to date: `")
    assert not WandbPlace.of(folder).is_online


def test_a_publication_is_left_to_its_command(folder: Path) -> None:
    out, err, code = interrupted(PUBLISH, folder)
    assert (err, code) == ("", 0)
    assert out.startswith("interrupted while the sweep was published to W&B; `")
