"""A second Ctrl-C while the first one is being answered."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import JobBundle
from ferray.events import Save
from ferray.launch import inline
from ferray.launch._saves import let_workers_save
from ferray.launch._signals import heard_at_once
from ferray.launch.inline import Inline
from ferray.study.history import load_sweep
from ferray.sweeps.loop import run_trials
from ferray.testing.curves import open_driver, small_spec
from ferray.testing.notes import Notes


class Hasty:
    """A worker whose user presses Ctrl-C in its first epoch, and again while it saves."""

    def __init__(self, bundle: JobBundle) -> None:
        self.numbers = bundle.numbers

    def step(self) -> None:
        raise KeyboardInterrupt

    def drop(self, number: int, *, save: Save) -> None:
        raise KeyboardInterrupt

    def close(self) -> None:
        """Nothing is held."""


def test_ctrl_c_is_heard_while_the_main_thread_is_busy() -> None:
    heard = threading.Event()
    with pytest.raises(KeyboardInterrupt), heard_at_once(heard.set):
        signal.raise_signal(signal.SIGINT)
    assert heard.wait(10)


def test_other_signals_tell_nothing_and_what_was_there_before_is_put_back() -> None:
    told: list[str] = []
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    former = signal.set_wakeup_fd(writer.fileno())
    with heard_at_once(lambda: told.append("stopping")):
        signal.raise_signal(signal.SIGCHLD)
    assert (told, signal.set_wakeup_fd(former)) == ([], writer.fileno())
    reader.close(), writer.close()


def test_inline_ends_its_trial_in_the_store_after_a_second_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inline, "BundleWorker", Hasty)
    notes = Notes()
    driver = open_driver(tmp_path / "curves", small_spec(), notes)
    with pytest.raises(KeyboardInterrupt):
        run_trials(driver, Inline(driver.runtime))
    assert notes.lines[-1] == "stopping: asking 1 trial to save (Ctrl-C again to stop now)"
    assert [trial.outcome for trial in load_sweep(tmp_path / "curves").trials] == ["interrupted"]


def test_ray_asks_for_no_checkpoint_any_more_after_a_second_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ferray.launch._saves.time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        let_workers_save([TrialArtifacts.at(str(tmp_path))])
    assert not (tmp_path / "stop").exists()
