"""The end of a paper's sweep: the test split judged, pictures drawn, and ours beside what was printed.

None of it can fail the sweep, which is over: what goes wrong is one line with the command that tries again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ferray.config.load import Space, load_space
from ferray.config.place import SPACE_NAME
from ferray.errors import FerrayError
from ferray.events import Listener
from ferray.text.commands import command, shortest_path
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.config.runtime import Runtime
    from ferray.config.sweep import SweepSpec
    from ferray.papers.compare import Comparison
    from ferray.study.records import SweepRecord

Done = TypeVar("Done")


@dataclass(frozen=True)
class PaperSweep:
    """A finished sweep of a space that quotes published rows, `space` being what it was asked for by."""

    space: Space
    record: SweepRecord
    runtime: Runtime
    is_quick: bool

    @property
    def folder(self) -> Path:
        return self.runtime.output / self.record.name

    @property
    def called(self) -> str:
        """What `ferray compare` finds the space by: its name, or the copy that the sweep's folder keeps."""
        return self.space if isinstance(self.space, str) else str(shortest_path(self.folder / SPACE_NAME))

    def command(self, verb: str) -> str:
        """What does one of the steps by hand."""
        if verb == "compare":
            quick = ["--quick"] if self.is_quick else []
            return command("compare", self.called, "--name", *self.record.words, *quick)
        return self.record.command("evaluate --all" if verb == "evaluate" else verb)


def finish_paper(sweep: PaperSweep, listener: Listener) -> Comparison | None:
    """Judge every completed trial where a row asks for the test split, draw, compare; None where comparing failed."""
    # As written, so that rows are there whose arms a quick cut leaves out.
    loaded = _tried(sweep, "compare", lambda: load_space(sweep.space), listener)
    if loaded is None:
        return None
    spec, _ = loaded
    if any(row.arm is not None and row.measured_on == "test" for row in spec.published):
        _tried(sweep, "evaluate", lambda: _evaluate(sweep, listener), listener)
    _tried(sweep, "figures", lambda: _draw(sweep, listener), listener)
    return _tried(sweep, "compare", lambda: _compare(spec, sweep), listener)


def _evaluate(sweep: PaperSweep, listener: Listener) -> None:
    from ferray.apps.evaluate import evaluate_trials
    from ferray.results.blinding import standing_of
    from ferray.results.chosen import choose_trials

    standing = standing_of(sweep.record, sweep.folder)
    if standing.is_open:  # its time was up
        again = sweep.command("evaluate")
        listener.warned(f"note: {standing}: the test split is judged when the others have, or by `{again}`")
        return
    chosen = choose_trials(sweep.record, sweep.folder, every=True)
    evaluate_trials(sweep.record, chosen, sweep.folder, sweep.runtime, listener.noted)


def _draw(sweep: PaperSweep, listener: Listener) -> None:
    from ferray.apps.figures import draw_figures

    album = draw_figures(sweep.record, sweep.folder, None, sweep.runtime, listener=listener)
    listener.noted(f"{counted(len(album.files), 'figure')} in {shortest_path(album.folder)}")


def _compare(spec: SweepSpec, sweep: PaperSweep) -> Comparison:
    from ferray.papers.compare import compare

    return compare(spec, sweep.record, sweep.folder, space=sweep.called, is_quick=sweep.is_quick)


def _tried(sweep: PaperSweep, verb: str, act: Callable[[], Done], listener: Listener) -> Done | None:
    """What `act` returns; None where it raised, which becomes a line for those who listen."""
    try:
        return act()
    except Exception as error:
        what = error.message if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"
        listener.warned(f"warning: {what.splitlines()[0]}; try `{sweep.command(verb)}`")
        return None
