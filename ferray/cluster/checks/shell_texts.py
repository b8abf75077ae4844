"""What a shell runs of a cluster's files: scripts, and commands that lie in YAML or in an image's recipe."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ferray.cluster.checks.source_file import FileKind, SourceFile

_LAUNCHERS = re.compile(r".*_commands$")  # the lists of commands of `ray up`
_WORD_ENDS = {";", "&&", "||", "|", "&", "(", ")", "{", "}", "then", "do", "else", "!"}


@dataclass(frozen=True)
class ShellText:
    """Commands, and the line of the file on which they begin; `is_verbatim` if its lines are the file's."""

    text: str
    line: int
    is_verbatim: bool


def shell_texts(source: SourceFile) -> Iterator[ShellText]:
    """All that a shell runs of a file, apart from an image's recipe, which hadolint gives to shellcheck itself."""
    if source.kind is FileKind.SCRIPT:
        yield ShellText(source.text, 1, True)
    for document in source.documents:
        for path, text in document.texts():
            if source.kind is FileKind.RAY_CLUSTER:
                is_shell = len(path) > 1 and isinstance(path[-1], int) and bool(_LAUNCHERS.match(str(path[-2])))
            else:
                is_shell = path[-1:] == ("entrypoint",) or _follows_dash_c(document.value, path)
            if is_shell:
                yield ShellText(text, document.line(path), False)


def _follows_dash_c(value: object, path: tuple[str | int, ...]) -> bool:
    """Whether a text is the argument of a shell's `-c` in a list of words, of `command` or of `args` behind it."""
    index = path[-1] if path else None
    if not isinstance(index, int):
        return False
    words = _at(value, path[:-1])
    if not isinstance(words, list):
        return False
    if index > 0:
        return bool(re.fullmatch(r"-[a-z]*c", str(words[index - 1])))
    command = _at(value, (*path[:-2], "command")) if path[-2:-1] == ("args",) else None
    return isinstance(command, list) and bool(command) and bool(re.fullmatch(r"-[a-z]*c", str(command[-1])))


def _at(value: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


@dataclass(frozen=True)
class CommandLine:
    """One call of a program: its words, `env=value` in front of them left out, and the variables set for it."""

    words: tuple[str, ...]
    variables: tuple[str, ...]
    line: int

    def behind(self, program: str) -> tuple[str, ...] | None:
        """The words behind a program, called by itself or by another such as `srun` or `exec`; None where it is not."""
        for index, word in enumerate(self.words):
            if word.rpartition("/")[2] == program:
                return self.words[index + 1 :]
        return None


def command_lines(source: SourceFile) -> Iterator[CommandLine]:
    """Every call of a program in a file, as far as words can be told without a shell."""
    for text in (*shell_texts(source), *_of_recipe(source)):
        for number, line in _logical_lines(text.text):
            yield from _calls(line, text.line + (number if text.is_verbatim else 0))


def _of_recipe(source: SourceFile) -> Iterator[ShellText]:
    if source.kind is FileKind.DOCKERFILE:
        kept = re.sub(r"(?m)^(RUN|CMD|ENTRYPOINT)\b", lambda found: " " * len(found[0]), source.text)
        yield ShellText(kept, 1, True)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that a backslash continues in one, each with the number of the first, counted from 0."""
    lines, begun = text.split("\n"), 0
    held = ""
    for number, line in enumerate(lines):
        held, begun = (held + line, begun) if held else (line, number)
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        if held.strip() and not held.lstrip().startswith("#"):
            yield begun, held
        held = ""


def _calls(line: str, number: int) -> Iterator[CommandLine]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = "#" if not re.search(r"\S#", line) else ""
    try:
        words = list(lexer)
    except ValueError:  # quotes that end on another line: what is in them is told by shellcheck
        return
    call: list[str] = []
    for word in (*words, ";"):
        if word in _WORD_ENDS or set(word) <= set(";&|()"):
            if call:
                yield _call(call, number)
            call = []
        else:
            call.append(word)


def _call(words: list[str], number: int) -> CommandLine:
    rest = list(words)
    variables = []
    while rest and re.match(r"[A-Za-z_][A-Za-z0-9_]*\+?=", rest[0]):
        variables.append(rest.pop(0))
    return CommandLine(tuple(rest), tuple(variables), number)
