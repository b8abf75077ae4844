"""Ctrl-C while a command is still importing what it is made of."""

from __future__ import annotations

import subprocess
import sys

import pytest

INTERRUPTED_AT = """
import signal, sys
moment = sys.argv.pop(1)
class Interrupting:
    def find_spec(name, path=None, target=None):
        if name == moment:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting)
from ferray.cli import main
main()
"""


def interrupted_at(moment: str, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that gets SIGINT as it begins to import a module."""
    command = [sys.executable, "-c", INTERRUPTED_AT, moment, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("moment", ["ferray.cli.app", "typer", "pydantic_core._pydantic_core", "ferray.config.sweep"])
def test_a_command_that_is_not_read_yet_ends_as_interrupted(moment: str) -> None:
    assert interrupted_at(moment, "list") == (130, "", "")


@pytest.mark.parametrize("moment", ["numpy", "numpy._core._multiarray_umath", "optuna.samplers"])
def test_a_command_that_imports_what_it_needs_ends_as_interrupted(moment: str) -> None:
    assert interrupted_at(moment, "show", "keys") == (130, "", "")


def test_a_command_that_imports_nothing_of_it_is_done() -> None:
    assert interrupted_at("numpy", "--version")[0] == 0
