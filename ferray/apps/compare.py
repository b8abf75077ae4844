"""`ferray.compare` and the command `ferray compare`: a paper's published numbers beside ours, or arms side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ferray.apps.options import Pathlike
from ferray.apps.recorded import SweepWords, words_of
from ferray.artifacts.outputs import output_at
from ferray.config.load import load_space, space_names
from ferray.config.output_address import bring_up
from ferray.config.overrides import Overrides
from ferray.config.place import DEFAULT_OUTPUT, QUICK, SPACE_NAME, Place, find_sweep, is_sweep, words_for
from ferray.config.sweep import SweepSpec
from ferray.study.records import SweepRecord
from ferray.text.commands import shortest_path

if TYPE_CHECKING:
    from ferray.papers.compare import Comparison


def compare(
    space: SweepWords,
    *,
    name: str | None = None,
    output: Pathlike = DEFAULT_OUTPUT,
    storage: str | None = None,
    quick: bool = False,
) -> Comparison:
    """A paper's published numbers beside ours, or a sweep's arms beside each other; reads the record alone.

    `space` is a search space by name or by the path of its YAML file, or a sweep by name, by its folder, or as
    `ferray.load` gives it; the options are the words of `ferray compare`. Scores are fractions in [0, 1], each with
    its `n`, seeds and 95 % interval where they are known. ConfigError for a space with neither published numbers nor
    arms, DataError for damaged results.
    """
    return compare_sweep(words_of(space), name=name, output=output_at(output), storage=storage, quick=quick)


def compare_sweep(
    space: str, *, name: str | None = None, output: Path, storage: str | None = None, quick: bool = False
) -> Comparison:
    """The comparison of a space, or of a sweep by name or folder; `name` where it is not called as the space."""
    bring_up(output)
    sweep = _sweep_called(space, output) if name is None else find_sweep(name, output, storage)
    if sweep is not None and name is None:
        space, quick = str(shortest_path(sweep.folder / SPACE_NAME)), quick or sweep.study.endswith(QUICK)
    spec, _ = load_space(space)
    swept, _ = load_space(space, Overrides(quick=quick))
    folder = sweep.folder if sweep else output / swept.name
    from ferray.papers import compare as papers

    return papers.compare(spec, _record(swept, folder, storage), folder, space=space, is_quick=quick)


def _sweep_called(name: str, output: Path) -> Place | None:
    """The sweep that `name` is, or the folder of; None where it is a space's."""
    if name.endswith((".yaml", ".yml")) or name in space_names():
        return None
    return find_sweep(name, output) if is_sweep(output / name) or is_sweep(Path(name)) else None


def _record(spec: SweepSpec, folder: Path, storage: str | None) -> SweepRecord:
    """What the store says; a sweep that was never started is one without trials."""
    if storage is None and not is_sweep(folder):
        return SweepRecord(folder.name, spec.objective.metric, spec.objective.mode, (), words=words_for(folder))
    from ferray.study.history import load_sweep

    return load_sweep(folder, storage)
