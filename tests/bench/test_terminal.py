from __future__ import annotations

import os
import sys
from typing import Any

import pytest

terminals = pytest.importorskip("bench.terminal", reason="pyte, of the development group, is not installed")
Terminal, svg = terminals.Terminal, terminals.svg

ENV = dict(os.environ)


def shown(code: str, *, columns: int = 30) -> Any:
    """A terminal on which a Python program has run to its end."""
    with Terminal([sys.executable, "-c", code], columns=columns, env=ENV) as terminal:
        pass
    return terminal


def test_the_screen_holds_what_was_drawn_last() -> None:
    assert shown(r"print('first\n\x1b[1A\x1b[2Ksecond')").text() == "second"


def test_a_program_sees_as_many_columns_as_were_asked_for() -> None:
    assert shown("import os; print(os.get_terminal_size().columns)", columns=47).text() == "47"


def test_colours_are_kept() -> None:
    (line,) = shown(r"print('\x1b[32mgreen\x1b[0m plain')").lines()
    green = line.spans[0]
    assert (green.start, green.end, str(green.style)) == (0, 5, "not bold green")


def test_ctrl_c_reaches_the_program() -> None:
    code = "try:\n input('ready')\nexcept KeyboardInterrupt:\n print('stopped')"
    with Terminal([sys.executable, "-c", code], columns=30, env=ENV) as terminal:
        for _ in terminal.watch(0.05):
            if terminal.text() == "ready":
                terminal.press(terminals.CTRL_C)
    assert "stopped" in terminal.text()


def test_a_picture_names_no_server() -> None:
    picture = svg(shown("print('0.735')").lines(), columns=30, title="one line")
    assert ("0.735" in picture, "https:" in picture) == (True, False)


def test_a_screen_gives_the_same_picture_each_time() -> None:
    lines = shown("print('0.735')").lines()
    assert svg(lines, columns=30, title="a") == svg(lines, columns=30, title="a")
