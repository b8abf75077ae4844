"""What the driver tells the process that writes its runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ferray.testing.fake_sweep import sweep_started
from ferray.text.commands import program
from ferray.track.wandb_runs.messages import Begin, Failure


def begin(folder: Path) -> Begin:
    return Begin(folder, sweep_started(folder))


def test_hints_of_the_process_name_commands_as_the_driver_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = str(Path(__file__).parents[2] / "cli.py")
    monkeypatch.setattr(sys, "argv", [cli, "sweep", "demo"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "cli", "sweep", "demo"])
    told = begin(tmp_path)
    monkeypatch.setattr(sys, "argv", ["child.py", "7"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-P", "-m", "child", "7"])
    told.take_words()
    assert (program(), sys.argv[1:]) == (("python", "-m", "cli"), ["sweep", "demo"])


def test_a_password_that_the_driver_has_hidden_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ferray", "sweep", "--storage", "hidden"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "ferray", "sweep", "--storage", "secret"])
    told = begin(tmp_path)
    assert "secret" not in (*told.argv, *told.program)


def test_an_error_without_words_is_told_by_its_name() -> None:
    assert [Failure.of(OSError()).reason, Failure.of(OSError("full")).reason] == ["OSError", "full"]
