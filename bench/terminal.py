"""A command on a terminal of its own, and what stands on its screen: as text, or as an SVG.

    python -m bench.terminal --columns 80 -- ferray sweep demo --trials 4

prints the screen whenever it has changed, at most once a second. `--interrupt 20` presses Ctrl-C after 20 seconds.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

CTRL_C = b"\x03"
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
        font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""  # rich's own, without the address of a font


class Terminal:
    """A process whose standard streams are a terminal of so many columns and rows; `close` waits for its end."""

    def __init__(
        self, command: Sequence[str], *, columns: int, rows: int = 60, cwd: Path | None = None, env: Mapping[str, str]
    ) -> None:
        self.columns = columns
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        told = {**env, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=cwd,
            env=told,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def watch(self, every_s: float = 0.25) -> Iterator[None]:
        """Yield after each so many seconds with the screen brought up to date, until the process has closed it."""
        while self._read(time.monotonic() + every_s):
            yield

    def _read(self, until: float) -> bool:
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._ours], [], [], left)
            if not ready:
                return True
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # Linux says so when the last process has closed the other side
                return False
            if not data:
                return False
            self._stream.feed(data)
        return True

    def press(self, keys: bytes) -> None:
        """Type these keys."""
        os.write(self._ours, keys)

    def close(self) -> int:
        """The exit code, once the process has ended."""
        for _ in self.watch():
            pass
        code = self.process.wait()
        os.close(self._ours)
        return code

    def text(self) -> str:
        """The screen as plain lines, without what is empty at its end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def lines(self) -> list[Text]:
        """The screen in its colours, without the empty lines at its end."""
        return [self._line(row) for row in range(self.text().count("\n") + 1)]

    def _line(self, row: int) -> Text:
        line = Text()
        letters = (self._screen.buffer[row][column] for column in range(self.columns))
        for style, run in groupby(letters, _style):
            line.append("".join(letter.data for letter in run), style)
        line.rstrip()
        return line


def _style(letter: pyte.screens.Char) -> Style:
    colour = None if letter.fg == "default" else {"brown": "yellow"}.get(letter.fg, letter.fg)
    return Style(color=colour, bold=letter.bold)


def _take_terminal() -> None:
    """Make the child's input the terminal whose Ctrl-C it hears, where a shell's `&` has had it ignored too."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def svg(lines: Sequence[Text], *, columns: int, title: str) -> str:
    """These lines as a picture of a terminal, the same bytes each time."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, soft_wrap=True)
    return console.export_svg(title=title, code_format=SVG, unique_id="ferray")


def main() -> None:
    """Print the screens of a command one after the other."""
    parser = argparse.ArgumentParser(description="Print what a command shows on a terminal.")
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--interrupt", type=float, metavar="SECONDS", help="Press Ctrl-C after so many seconds.")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    command = asked.command[1:] if asked.command[:1] == ["--"] else asked.command
    began, shown, interrupt = time.monotonic(), "", asked.interrupt
    with Terminal(command, columns=asked.columns, rows=asked.rows, env=dict(os.environ)) as terminal:
        for _ in terminal.watch(1.0):
            passed = time.monotonic() - began
            if terminal.text() != shown:
                shown = terminal.text()
                print(f"--- {passed:.0f} s", shown, sep="\n", flush=True)
            if interrupt is not None and passed > interrupt:
                terminal.press(CTRL_C)
                interrupt = None
    print(f"--- exit code {terminal.process.returncode}", terminal.text(), sep="\n")


if __name__ == "__main__":
    main()
