"""Calls of programs in scripts, documents and recipes."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.shell_texts import command_lines
from ferray.cluster.checks.source_file import read_source


def calls(text: str, path: str = "run.sh") -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    return [(call.line, call.variables, call.words) for call in command_lines(read_source(path, text))]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A=1 B=2 ray start --head", [(1, ("A=1", "B=2"), ("ray", "start", "--head"))]),
        ("a && b; c | d", [(1, (), ("a",)), (1, (), ("b",)), (1, (), ("c",)), (1, (), ("d",))]),
        ("a \\\n  b\nc", [(1, (), ("a", "b")), (3, (), ("c",))]),
        ("# ray start\na 'b c' # d", [(2, (), ("a", "b c"))]),
        ("(umask 077 && a)", [(1, (), ("umask", "077")), (1, (), ("a",))]),
    ],
)
def test_words_are_told_as_a_shell_tells_them(line: str, found: object) -> None:
    assert calls(line) == found


def test_a_recipe_runs_what_stands_behind_run() -> None:
    assert calls("FROM x\nRUN a b \\\n  && c\n", "Dockerfile")[1:] == [(2, (), ("a", "b")), (2, (), ("c",))]
