"""Every command and option that ferray's own texts name exists: docstrings, hints, help, documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ferray.cli.app import app

ROOT = Path(__file__).parents[2]
WRITTEN = ("ferray/**/*.py", "bench/*.py", "*.md", "docs/*.md", "cluster/**/*", "search_spaces/**/*.yaml", "Makefile")
IN_BACKTICKS = re.compile(r"`(?:[\w./-]*/)?ferray ((?:[a-z]+ ?)+[^`\n]*)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ON_A_LINE = re.compile(r"^[ \t]*(?:\$ |srun |uv run )?ferray ((?:[a-z]+ ?)+.*)$", re.MULTILINE)
IN_A_CALL = re.compile(r"""(?<!app\.)\bcommand\(f?["']([a-z][^"'{]*)["']""")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")
AN_ARGUMENT = re.compile(r'add_argument\("(--[a-z-]+)"')
OF_OTHERS = {option for path in ROOT.glob("bench/*.py") for option in AN_ARGUMENT.findall(path.read_text())}


def commands() -> dict[str, set[str]]:
    """The options of every command, by its words; a group has none."""
    found: dict[str, set[str]] = {}

    def look(command: Any, words: str) -> None:
        found[words] = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
        for name, inner in getattr(command, "commands", {}).items():
            look(inner, f"{words} {name}".strip())

    look(get_command(app), "")
    return found


COMMANDS = commands()
COMMANDS["cluster submit"] |= COMMANDS["sweep"]  # which it hands on
GROUPS = {words.split()[0] for words in COMMANDS if " " in words}
OPTIONS = {option for options in COMMANDS.values() for option in options}


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the repository that a user reads, by its place."""
    for pattern in WRITTEN:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.suffix in (".py", ".md", ".yaml", ".yml", ".sh", ".sbatch", ""):
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


TEXTS = [(place, text) for place, text in texts() if "ferray " in text or "--" in text]
PLACES = [place for place, _ in TEXTS]


def named(place: str, text: str) -> list[str]:
    """The commands that a text names, less `ferray`."""
    lines = "\n".join(FENCED.findall(text)) if place.endswith(".md") else text
    found = [*IN_BACKTICKS.findall(text), *(IN_A_CALL.findall(text) if place.endswith(".py") else [])]
    found += [] if place.endswith(".py") else ON_A_LINE.findall(lines)
    return [command for command in found if not re.match(r"[a-z]+ [a-z]+ [a-z]+ [a-z]+ ", command)]  # prose


def wrong_with(command: str) -> str:
    """What does not exist of a command as it is written, "" where all of it does."""
    words = re.split(r"[ \"']+", command)
    verb = " ".join(words[:2]) if words[0] in GROUPS and len(words) > 1 else words[0]
    if verb not in COMMANDS:
        return f"no command `{verb}`"
    return ", ".join(
        f"`{verb}` has no `{option}`" for option in OPTION.findall(command) if option not in COMMANDS[verb]
    )


@pytest.mark.parametrize(("place", "text"), TEXTS, ids=PLACES)
def test_commands_that_a_text_names_exist(place: str, text: str) -> None:
    wrong = {command: problem for command in named(place, text) if (problem := wrong_with(command))}
    assert wrong == {}


@pytest.mark.parametrize(("place", "text"), TEXTS, ids=PLACES)
def test_options_that_a_text_names_exist(place: str, text: str) -> None:
    found = {option for span in re.findall(r"`(--[^`\n]*)`", text) for option in OPTION.findall(span)}
    assert not found - OPTIONS - OF_OTHERS, f"in {place}"


def test_texts_are_found_and_speak_of_commands() -> None:
    assert sum(len(named(place, text)) for place, text in TEXTS) > 100
