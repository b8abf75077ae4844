"""Who tells the person at the keyboard what happens: lines, bars on a terminal, and the live table of a sweep."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from ferray.cli.terminal.output import on_terminal, progress_bars, say
from ferray.events import EpochReport, Listener
from ferray.track.console import Console, epoch_line


class Warnings(Listener):
    """Says nothing but what also those should hear who asked for quiet."""

    def warned(self, line: str) -> None:
        say(line)


class Lines(Warnings):
    """Says every line, and each step as a bar on a terminal, as a line elsewhere."""

    def __init__(self) -> None:
        self._bars = ExitStack()
        self._update: Callable[[str, int, int], None] | None = None

    def noted(self, line: str) -> None:
        say(line)

    def progressed(self, what: str, done: int, total: int) -> None:
        if not what:
            self.close()
            return
        if self._update is None:
            self._update = self._bars.enter_context(progress_bars())
        self._update(what, done, total)

    def close(self) -> None:
        self._bars.close()
        self._update = None


class EpochLines(Lines):
    """A line for each epoch of a training, and a bar for the one that runs on a terminal."""

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        for line in filter(None, (report.note, epoch_line(report))):
            say(line)

    def batch_ended(self, number: int, epoch: int, done: int, total: int) -> None:
        if on_terminal():
            self.progressed(f"epoch {epoch}", done, total)


class FoldLines(Lines):
    """A line for each epoch of each fold."""

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        accuracy, loss = report.metrics["val/accuracy"], report.metrics["train/loss"]
        epochs = report.epochs // report.folds
        epoch = report.epoch - report.fold * epochs
        say(f"fold {report.fold + 1}/{report.folds}  epoch {epoch}/{epochs}  loss {loss:.4g}  held out {accuracy:.4g}")


def of_sweep(*, quiet: bool) -> Listener:
    """The live table on a terminal, plain lines elsewhere, warnings alone when quiet."""
    if quiet:
        return Warnings()
    if on_terminal():
        from ferray.cli.terminal.live_table import LiveTable

        return LiveTable()
    return Console(Path())
