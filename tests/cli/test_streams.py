"""What a command prints to where it cannot be printed ends in a sentence or is left out, never in a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAIN = "from ferray.cli import main; main"


def run(shell: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", shell, sys.executable], capture_output=True, text=True, check=False)


def ferray(words: str, redirected: str) -> subprocess.CompletedProcess[str]:
    """`ferray WORDS REDIRECTED` in a shell, as a user types it."""
    return run(f'"$0" -c "{MAIN}({words.split()!r})" {redirected}')


@pytest.mark.parametrize("words", ["list", "list --json", "--help"])
def test_a_full_stdout_is_one_sentence(words: str) -> None:
    ran = ferray(words, "> /dev/full")
    first, *rest = ran.stderr.splitlines()
    assert (ran.returncode, first) == (3, "error: stdout cannot be written: No space left on device")
    assert [line[:5] for line in rest] == ["hint:"]


def test_a_closed_stdout_is_one_sentence() -> None:
    ran = ferray("list", ">&-")
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (3, "error: stdout cannot be written: Bad file descriptor")


def test_a_closed_stderr_is_no_data() -> None:
    ran = ferray("leaderboard nothing-here", "2>&-")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "")


def test_a_full_stderr_changes_no_exit_code() -> None:
    assert ferray("leaderboard nothing-here", "2> /dev/full").returncode == 2


@pytest.mark.parametrize("words", ["list", "--help"])
def test_a_reader_that_leaves_ends_a_command_in_silence(words: str) -> None:
    ran = run(f'"$0" -c "{MAIN}({words.split()!r})" | head -1; echo "${{PIPESTATUS[0]}}"')
    assert (ran.stdout.splitlines()[-1], ran.stderr) == ("0", "")


def test_a_stream_that_was_closed_is_no_file_of_a_command(tmp_path: Path) -> None:
    code = (
        "import os; from ferray.cli.terminal.streams import open_streams; open_streams(); print(os.open('x', 65) > 2)"
    )
    ran = run(f'cd "{tmp_path}" && "$0" -c "{code}" 2>&- <&-')
    assert ran.stdout == "True\n"
