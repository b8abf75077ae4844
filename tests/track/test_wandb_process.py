"""The process that writes runs: when it starts, what it is deaf to, and what comes of one that is gone or stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_started
from ferray.track.wandb_runs.link import Link
from ferray.track.wandb_runs.messages import Closed

BEGIN = """
import os, signal, sys
from pathlib import Path
import psutil
from ferray.errors import FerrayError
from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_started
from ferray.testing.trackers import finish_trial
from ferray.track.wandb import Wandb
from ferray.track.wandb_runs.link import MOST_WAITING

folder = Path(sys.argv[1])
tracker = Wandb(folder)
tracker.sweep_started(sweep_started(folder))
tracker.trial_started(trial_started(TRIALS[0], folder))

def tell_an_epoch():
    tracker.epoch_ended(TRIALS[0].number, TRIALS[0].reports[0])

def writing():
    tell_an_epoch()
    while not list(folder.glob("wandb/offline-run-*/*.wandb")):
        os.sched_yield()
    (child,) = psutil.Process().children()
    return child

def finish(word="message"):
    try:
        finish_trial(tracker, TRIALS[0])
        tracker.close()
    except FerrayError as error:
        print(getattr(error, word))
"""
UNTOLD = """
while not tracker._link._events.empty():
    os.sched_yield()
print(psutil.Process().children(), [path.name for path in folder.glob("wandb/*")])
tell_an_epoch()
tracker.close()
print("wandb" in sys.modules)
"""
SERVICE_KILLED = """
(service,) = writing().children()
service.kill()
finish()
"""
KILLED = """
writing().kill()
finish()
"""
KILLED_OF_TWO = """
child = writing()
tracker.trial_started(trial_started(TRIALS[1], folder))
child.kill()
finish("hint")
"""
UNREADABLE = """
class Foreign:
    earlier = None

writing()
tracker.epoch_ended(TRIALS[0].number, Foreign())
finish()
"""
UNTELLABLE = """
class Foreign:
    earlier = None
    def __reduce__(self):
        raise ValueError("no such thing")

writing()
tracker.epoch_ended(TRIALS[0].number, Foreign())
finish()
"""
SIGNALLED = """
child = writing()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    child.send_signal(number)
finish()
"""
STOPPED = """
child = writing()
child.suspend()
for number in range(1, 1 + len(TRIALS[1:6])):
    tracker.trial_started(trial_started(TRIALS[number], folder))
    finish_trial(tracker, TRIALS[number])
child.resume()
finish()
"""
NEVER_RESUMED = """
child = writing()
child.suspend()
try:
    for _ in range(2 * MOST_WAITING):
        tell_an_epoch()
except FerrayError as error:
    print(error.message)
child.wait(timeout=600)
print(child.is_running())
"""
ABANDONED = """
print(writing().pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def drive(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A driver with W&B offline that does this with one trial under way."""
    environment = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    command = [sys.executable, "-c", BEGIN + script, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)


def num_runs(folder: Path) -> int:
    return len(list(folder.glob("wandb/offline-run-*")))


def test_it_starts_with_the_first_epoch_and_alone_imports_wandb(tmp_path: Path) -> None:
    ran = drive(UNTOLD, tmp_path)
    assert (ran.stdout.splitlines(), num_runs(tmp_path)) == (["[] ['where.json']", "False"], 1)


def test_a_killed_service_of_wandbs_is_told_once_and_prints_nothing_itself(tmp_path: Path) -> None:
    ran = drive(SERVICE_KILLED, tmp_path)
    assert (ran.stdout[:23], ran.stdout.count("\n"), ran.stderr) == ("W&B cannot be written: ", 1, "")


def test_one_that_is_killed_is_told_once(tmp_path: Path) -> None:
    ran = drive(KILLED, tmp_path)
    assert (ran.stdout, ran.stderr) == ("W&B cannot be written: its process was ended by signal 9\n", "")


def test_one_that_cannot_read_what_it_is_told_says_why(tmp_path: Path) -> None:
    ran = drive(UNREADABLE, tmp_path)
    assert ran.stdout.startswith("W&B cannot be written: its process cannot read what it is told: Can't get attribute")
    assert ran.stderr == ""


def test_what_cannot_be_told_is_said_with_why(tmp_path: Path) -> None:
    ran = drive(UNTELLABLE, tmp_path)
    said = "W&B cannot be written: what happens cannot be told: no such thing\n"
    assert (ran.stdout, ran.stderr) == (said, "")


def test_what_one_that_is_killed_leaves_unfinished_is_counted(tmp_path: Path) -> None:
    ran = drive(KILLED_OF_TWO, tmp_path)
    assert ran.stdout.startswith("2 runs are not whole; the leaderboard does not need it; to upload later: `")


def test_a_run_that_arrived_before_the_process_was_killed_is_not_lost(tmp_path: Path) -> None:
    link = Link(tmp_path, sweep_started(tmp_path), lambda _: None)
    link.tell(trial_started(TRIALS[0], tmp_path))
    link.tell(trial_started(TRIALS[1], tmp_path))
    link.kill()
    link._heed(Closed(is_lost=False))  # had been said, and was not heard yet
    assert link.num_lost == 1


def test_it_is_deaf_to_what_ends_a_command(tmp_path: Path) -> None:
    ran = drive(SIGNALLED, tmp_path)
    assert (ran.stdout, ran.stderr, num_runs(tmp_path)) == ("", "", 1)


def test_what_one_is_told_that_stands_still_waits_for_it(tmp_path: Path) -> None:
    ran = drive(STOPPED, tmp_path)
    assert (ran.stdout, ran.stderr, num_runs(tmp_path)) == ("", "", 6)


def test_one_that_takes_nothing_any_more_is_given_up_at_a_bound(tmp_path: Path) -> None:
    ran = drive(NEVER_RESUMED, tmp_path)
    assert ran.stdout.splitlines() == [
        "W&B cannot be written: its process has taken none of the last 100000 events",
        "False",
    ]


def test_it_ends_with_a_driver_that_is_killed(tmp_path: Path) -> None:
    pid = int(drive(ABANDONED, tmp_path).stdout)
    _, alive = psutil.wait_procs([process for process in psutil.process_iter() if process.pid == pid], timeout=60)
    assert alive == []


def test_it_imports_no_torch() -> None:
    probe = "import sys, ferray.track.wandb_runs.child, wandb; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
