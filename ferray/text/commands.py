"""Commands as this installation runs them: every hint that names one takes it from here, so that it can be pasted."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shlex import join

PACKAGE = Path(__file__).resolve().parents[1]


def command(verb: str, *words: object) -> str:
    """`ferray VERB WORDS`, called as it was when this process began, each of the words quoted where it has to be.

    `verb` may be several plain ones, such as `show space demo`.
    """
    return join([*program(), *verb.split(), *map(str, words)])


def as_called(text: str) -> str:
    """A text about ferray in which each command in backticks begins with what this installation is called by."""
    return re.sub(r"`ferray (?=[a-z])", f"`{join(program())} ", text)


def script(name: str, *words: object) -> str:
    """The command of another package of this environment, such as `wandb login`."""
    beside = Path(sys.executable).with_name(name)
    return join([called(beside) if beside.exists() else name, *map(str, words)])


def install(*requirements: str) -> str:
    """The command that installs packages beside ferray, by pip where this environment has it and by uv elsewhere."""
    python = called(Path(sys.executable))
    if find_spec("pip") is not None:
        return join([python, "-m", "pip", "install", *requirements])
    return script("uv", "pip", "install", "--python", python, *requirements)


def install_extra(extra: str) -> str:
    """The command that installs what `extra` of ferray asks for.

    It names the packages themselves: `ferray[clean]` is found nowhere by an installation from a checkout or a wheel.
    """
    return install(*(requirements_of(extra) or [f"ferray[{extra}]"]))


def requirements_of(extra: str) -> list[str]:
    """What an extra asks for, by the installed metadata, or by `pyproject.toml` of a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        stated = requires("ferray") or []
    except PackageNotFoundError:
        return _of_checkout(extra)
    wanted = re.compile(rf"""extra\s*==\s*['"]{re.escape(extra)}['"]""")
    split = (line.partition(";") for line in stated)
    return [requirement.strip() for requirement, _, marker in split if wanted.search(marker)]


def _of_checkout(extra: str) -> list[str]:
    import tomllib

    try:
        text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return []
    found: list[str] = tomllib.loads(text)["project"]["optional-dependencies"].get(extra, [])
    return found


def called(file: Path) -> str:
    """The shortest word by which a shell here starts an executable: its name, or its path below this folder, or all."""
    on_path = shutil.which(file.name)
    if on_path is not None and Path(on_path).absolute() == file.absolute():
        return file.name
    return shortest_path(file)


def this_command() -> str:
    """The command line that this process was called by, where that is ferray's; "" for a program of somebody's own."""
    file = Path(sys.argv[0]) if sys.argv else Path()
    is_ours = file.name == "ferray" or file.resolve() in (PACKAGE.parent / "cli.py", PACKAGE / "__main__.py")
    return join([*program(), *sys.argv[1:]]) if is_ours else ""


def program() -> tuple[str, ...]:
    """The words that call ferray."""
    return _program(tuple(sys.argv[:1]), tuple(sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]))


def _program(typed: Sequence[str], with_interpreter: Sequence[str]) -> tuple[str, ...]:
    """`typed` is what this process was called by, `with_interpreter` the same behind the Python that runs it."""
    file = Path(typed[0]) if typed else Path()
    if file.name == "ferray" and file.is_file():
        return ("ferray",) if _is_on_path(file) else (str(typed[0]),)
    if file.resolve() in (PACKAGE.parent / "cli.py", PACKAGE / "__main__.py"):
        return tuple(with_interpreter)
    beside = Path(sys.executable).with_name("ferray")  # a program of the user's, a worker, a test
    return (called(beside) if beside.is_file() else "ferray",)


def _is_on_path(file: Path) -> bool:
    on_path = shutil.which(file.name)
    return on_path is not None and Path(on_path).samefile(file)


def shortest_path(file: Path) -> str:
    """A path for the shell of this folder: relative below it, absolute elsewhere, never a bare word."""
    here = Path.cwd()
    absolute = file.absolute()
    if not absolute.is_relative_to(here):
        return str(absolute)
    below = str(absolute.relative_to(here))
    return below if "/" in below else f"./{below}"
