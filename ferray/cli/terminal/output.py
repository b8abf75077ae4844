"""Where things are printed: data to stdout, everything else to stderr; rich only on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from ferray.cli.terminal.wrapping import width_of, wrapped
from ferray.errors import DataError
from ferray.text.sanitize import on_one_line, visible

if TYPE_CHECKING:
    from rich.console import Console


def print_error(message: str, hint: str = "") -> None:
    """`error:` one fact, `hint:` one thing to do, on stderr."""
    for line in on_one_line(f"error: {message}").split("\n"):
        say(line)
    if hint:
        say(f"hint: {hint}")


def say(line: str) -> None:
    """A line for the person at the keyboard; on a terminal it is folded between words."""
    print(wrapped(on_one_line(visible(line)), width_of(sys.stderr), indent="  "), file=sys.stderr, flush=True)


def show(line: str, indent: str = "  ") -> None:
    """A line of data on stdout; on a terminal it is folded between words, and what follows is indented."""
    print(wrapped(on_one_line(visible(line)), width_of(sys.stdout), indent), flush=True)


def show_text(text: str) -> None:
    """Whole lines of data on stdout, as they are, at once: who reads them through a pipe may be following a log."""
    print(visible(text), end="", flush=True)


def print_json(document: Any) -> None:
    """Exactly one JSON document on stdout, no colour; a list in it has one line an entry. DataError for a NaN in it."""
    try:
        text = _laid_out(document)
    except ValueError as error:
        message = "the record holds a number that is not finite, which JSON has no word for"
        raise DataError(message, "restore the store from a copy, or leave out `--json`") from error
    print(text)


def _laid_out(document: Any) -> str:
    if isinstance(document, dict) and any(isinstance(value, list) for value in document.values()):
        lines = [f"  {_on_one_line(key)}: {_list_by_line(value, '  ')}" for key, value in document.items()]
        return "{\n" + ",\n".join(lines) + "\n}"
    return _list_by_line(document, "")


def _list_by_line(value: Any, indent: str) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, indent=2, allow_nan=False).replace("\n", f"\n{indent}")
    return "[\n" + ",\n".join(f"{indent}  {_on_one_line(entry)}" for entry in value) + f"\n{indent}]"


def _on_one_line(value: Any) -> str:
    return json.dumps(value, allow_nan=False)  # with an indent it would be in Python: a second for 10,000 trials


def on_terminal(stream: TextIO | None = None) -> bool:
    """Whether a stream, else stderr, is a terminal that bars and live tables may redraw; a dumb one cannot."""
    return (stream or sys.stderr).isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """A function `(what, done, total)` that draws a bar for each `what` on a terminal, one line elsewhere.

    Of a step that counts nothing, `total` is 0: it is over when the next one begins. `console` is that on which lines
    are printed meanwhile, where it is not stderr.
    """
    if console is None and not on_terminal():
        yield _LineEach()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from ferray.cli.terminal.rich_console import PlainConsole

    count = TextColumn("{task.fields[count]}")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), count, TimeRemainingColumn())
    with Progress(*columns, console=console or PlainConsole(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def update(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in bars.tasks:
                    bars.update(task.id, visible=task.total is not None)
                tasks[what] = bars.add_task(what, total=total or None, count="")
            bars.update(tasks[what], completed=done, count=f"{done}/{total}" if total else "")

        yield update


class _LineEach:
    """One plain line for each thing that is begun."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, what: str, done: int, total: int) -> None:
        del done
        if what not in self._said:
            self._said.add(what)
            say(f"{what}: {total:,}" if total else what)
