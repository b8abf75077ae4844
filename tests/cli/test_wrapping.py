"""Folding lines for a terminal, and streams that lack a character."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from ferray.cli.terminal.encoding import print_anything
from ferray.cli.terminal.wrapping import width_of, wrapped

LINE = "trial   3  complete  val/uar 0.735  `ferray trials demo --failed` lists imbalance=weighted_sampler"


@pytest.mark.parametrize("width", [30, 40, 80])
def test_no_word_is_broken(width: int) -> None:
    assert set(wrapped(LINE, width).split()) == set(LINE.split())
    assert max(map(len, wrapped(LINE, width).splitlines())) <= width


def test_a_command_in_backticks_stays_on_one_line() -> None:
    assert "`ferray trials demo --failed`" in wrapped(LINE, 40)


def test_a_word_wider_than_the_terminal_is_left_whole() -> None:
    assert wrapped("see /a/very/long/path/to/a/checkpoint.pt", 20).splitlines()[-1].strip() == (
        "/a/very/long/path/to/a/checkpoint.pt"
    )


def test_what_follows_is_indented_and_columns_keep_their_gaps() -> None:
    assert wrapped("focal  many words are here", 15, indent=" " * 7) == "focal  many\n       words\n       are here"


def test_a_line_that_fits_stays_as_it_is() -> None:
    assert wrapped("  two  gaps ", 80) == "  two  gaps "


def test_a_pipe_has_no_width() -> None:
    assert width_of(io.StringIO()) is None


def test_a_terminal_has_the_width_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    assert width_of(stream) == 40


@pytest.mark.parametrize(
    ("text", "plain"),
    [("0.434 ±0.045 [0.398–0.487] → x²", "0.434 +-0.045 [0.398-0.487] -> x^2"), ("\udcff.png", "\\udcff.png")],
)
def test_what_an_encoding_lacks_is_replaced(text: str, plain: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_anything(stream)
    stream.write(text)
    stream.flush()
    assert raw.getvalue().decode() == plain


def test_the_command_line_prints_to_ascii_without_a_traceback() -> None:
    say = "import sys\nsys.argv = ['ferray', 'list']\nprint_it = chr(177)\nfrom ferray.cli import main\n"
    code = f"{say}try:\n    main()\nexcept SystemExit:\n    print(print_it)"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "+-"
