"""The commands that the pages print: lines of fenced blocks, and spans of code in the text and in tables."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "cluster/README.md",
    *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md")),
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PROGRAMS = (
    *("ferray", "make", "pip", "python", "pytest", "uv", "export", "cd", "git"),
    *("ray", "kubectl", "docker", "sbatch", "scancel", "wandb", "optuna-dashboard"),
)


@dataclass(frozen=True)
class Command:
    """The words of a command, without prompt and comment; `is_whole` where it stands on a line of its own."""

    words: tuple[str, ...]
    is_whole: bool

    def __str__(self) -> str:
        return shlex.join(self.words)


def commands() -> list[Command]:
    """Every command of every page, once; as a whole one where it is that anywhere."""
    found = [command for page in PAGES for command in commands_of(text_of(page))]
    whole = {command.words for command in found if command.is_whole}
    return [Command(words, words in whole) for words in dict.fromkeys(command.words for command in found)]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands_of(text: str) -> list[Command]:
    """The commands of one page."""
    found = []
    for language, body in FENCE.findall(text):
        found += [Command(words, True) for words in map(split, _lines(language, body)) if words]
    for span in SPAN.findall(FENCE.sub("", text)):
        words = split(" ".join(span.split()))
        if len(words) > 1 and words[0].removeprefix(".venv/bin/") in PROGRAMS:
            found.append(Command(words, False))
    return found


def _lines(language: str, body: str) -> list[str]:
    """What is typed: after a `$` on a console, every line of a shell's script; a backslash goes on."""
    lines = body.replace("\\\n", " ").splitlines()
    if language == "console":
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return lines if language in ("sh", "bash") else []


def split(line: str) -> tuple[str, ...]:
    """The words of a line as a shell would see them, less its comment and the variables set before the program."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # no command: an apostrophe
        return ()
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return tuple(words)


def options_of(text: str) -> set[str]:
    """The options that the text names by themselves: `--fresh`, `--set batch_size=32`."""
    return {span.split()[0].split("=")[0] for span in SPAN.findall(FENCE.sub("", text)) if span.startswith("--")}
