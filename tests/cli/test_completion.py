"""What a shell offers behind `ferray`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ferray.config.load import space_names
from ferray.testing.curves import open_driver, run_curves, small_spec
from tests.test_architecture import HEAVY_LIBRARIES


def offered(line: str, folder: Path, after: str = "") -> list[str]:
    """The words that bash is given for the last word of a line; `after` is Python that runs behind it."""
    words = line.split(" ")
    code = f"import atexit, sys\natexit.register(lambda: exec({after!r}))\nfrom ferray.cli import main\nmain([])"
    environment = {
        **os.environ,
        "_FERRAY_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "FERRAY_CACHE": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_commands_are_offered(tmp_path: Path) -> None:
    assert offered("ferray le", tmp_path) == ["leaderboard"]


def test_spaces_are_offered(tmp_path: Path) -> None:
    assert offered("ferray sweep papers/", tmp_path) == [name for name in space_names() if name.startswith("papers/")]


def test_sweeps_are_offered(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "runs" / "curves", small_spec()))
    assert offered("ferray leaderboard c", tmp_path) == ["curves"]


def test_sweeps_of_another_output_are_offered(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "mine" / "curves", small_spec()))
    assert offered("ferray leaderboard --output mine c", tmp_path) == ["curves"]


def test_components_are_offered(tmp_path: Path) -> None:
    assert offered("ferray show component imbalance foc", tmp_path) == ["focal"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ferray sweep demo --launcher ", ["inline", "ray"]),
        ("ferray sweep demo --pruner hy", ["hyperband"]),
        ("ferray sweep demo --tracker no", ["none"]),
        ("ferray list back", ["backbones"]),
        ("ferray train demo --device c", ["cpu", "cuda"]),
    ],
)
def test_values_of_options_are_offered(line: str, words: list[str], tmp_path: Path) -> None:
    assert offered(line, tmp_path) == words


@pytest.mark.parametrize("line", ["ferray sweep d", "ferray leaderboard c", "ferray show component backbone t"])
def test_nothing_heavy_is_imported(line: str, tmp_path: Path) -> None:
    probe = f"print('#', *sorted(set(sys.modules) & set({HEAVY_LIBRARIES!r})))"
    words = offered(line, tmp_path, after=probe)
    assert words[words.index("#") + 1 :] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_shown(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    code = "from ferray.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--show-completion", shell],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, "_FERRAY_COMPLETE=complete_" + shell in done.stdout) == (0, True)
