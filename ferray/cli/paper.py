"""The end of a paper's sweep: the test split judged, pictures drawn, and ours beside what was printed.

None of it can fail the sweep, which is over: what goes wrong is one line with the command that tries again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ferray.cli.terminal.output import say
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
    """A finished sweep of a space that quotes published rows, `space` being what the command line called it."""

    space: str
    record: SweepRecord
    runtime: Runtime
    is_quick: bool
    quiet: bool

    @property
    def folder(self) -> Path:
        return self.runtime.output / self.record.name

    def command(self, verb: str) -> str:
        """What does one of the steps by hand."""
        if verb == "compare":
            return command("compare", self.space, "--name", *self.record.words, *(["--quick"] if self.is_quick else []))
        return self.record.command("evaluate --all" if verb == "evaluate" else verb)


def finish_paper(sweep: PaperSweep) -> Comparison | None:
    """Judge every completed trial where a row asks for the test split, draw, compare; None where comparing failed."""
    spec = _tried(sweep, "compare", lambda: _whole_space(sweep.space))
    if spec is None:
        return None
    if any(row.arm is not None and row.measured_on == "test" for row in spec.published):
        _tried(sweep, "evaluate", lambda: _evaluate(sweep))
    _tried(sweep, "figures", lambda: _draw(sweep))
    return _tried(sweep, "compare", lambda: _compare(spec, sweep))


def _whole_space(space: str) -> SweepSpec:
    """The space as written, so that rows are there whose arms a quick cut leaves out."""
    from ferray.config.load import load_space

    return load_space(space)[0]


def _evaluate(sweep: PaperSweep) -> None:
    from ferray.apps.evaluate import evaluate_trials
    from ferray.results.blinding import standing_of
    from ferray.results.chosen import choose_trials

    tell = (lambda _: None) if sweep.quiet else say
    standing = standing_of(sweep.record, sweep.folder)
    if standing.is_open:  # its time was up
        say(f"note: {standing}: the test split is judged when the others have, or by `{sweep.command('evaluate')}`")
        return
    chosen = choose_trials(sweep.record, sweep.folder, every=True)
    evaluate_trials(sweep.record, chosen, sweep.folder, sweep.runtime, standing, tell)


def _draw(sweep: PaperSweep) -> None:
    from ferray.cli.commands.figures import draw_figures

    album = draw_figures(sweep.record, sweep.folder, None, sweep.runtime)
    if not sweep.quiet:
        say(f"{counted(len(album.files), 'figure')} in {shortest_path(album.folder)}")


def _compare(spec: SweepSpec, sweep: PaperSweep) -> Comparison:
    from ferray.papers.compare import compare

    return compare(spec, sweep.record, sweep.folder, space=sweep.space, is_quick=sweep.is_quick)


def _tried(sweep: PaperSweep, verb: str, act: Callable[[], Done]) -> Done | None:
    """What `act` returns; None where it raised, which becomes a line on stderr."""
    from ferray.errors import FerrayError

    try:
        return act()
    except Exception as error:
        what = error.message if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"
        say(f"warning: {what.splitlines()[0]}; try `{sweep.command(verb)}`")
        return None
