"""A run of W&B that is open in this process: rows that it lacks, and its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ferray.events import EpochReport
from ferray.track.wandb_runs.payload import (
    CONFUSION_COLUMNS,
    CONFUSION_TABLE,
    EPOCH,
    FORMER_SUMMARY_KEYS,
    OUTCOME,
    REMOVED_COLUMNS,
    REMOVED_TABLE,
    RUNNING,
    SUMMARY_KEYS,
    epoch_row,
    histograms,
    removed_rows,
)


@dataclass(frozen=True)
class RunEnd:
    """How a trial's run ends: its summary, the tags that it has then, what its tables hold, its exit code."""

    summary: Mapping[str, Any]
    tags: Sequence[str]
    confusion: Sequence[Sequence[Any]] = ()
    removed: Sequence[Sequence[Any]] = ()
    exit_code: int = 0


@dataclass
class OpenRun:
    """What can be done to an open run. `has` are the epochs that it holds already: none is written twice."""

    wandb: Any
    run: Any
    has: set[int]
    removed: dict[int, list[list[Any]]] = field(default_factory=dict)

    def begin(self) -> None:
        """Take out of a run that goes on what was said of its end."""
        self._forget((*SUMMARY_KEYS, *FORMER_SUMMARY_KEYS))
        self.run.summary[OUTCOME] = RUNNING

    def log(self, report: EpochReport) -> None:
        """Add the row of an epoch, unless it is there."""
        self.removed[report.epoch] = removed_rows(report)
        if report.epoch in self.has:
            return
        media = {
            name: self.wandb.Histogram(np_histogram=(list(counts), list(edges)))
            for name, (counts, edges) in histograms(report.outliers).items()
        }
        self.run.log({**epoch_row(report), **media})
        self.has.add(report.epoch)

    def all_removed(self) -> list[list[Any]]:
        """What outlier removal dropped in the epochs that were told of."""
        return [row for epoch in sorted(self.removed) for row in self.removed[epoch]]

    def finish(self, end: RunEnd) -> None:
        """Say how it ended, and upload what is left; TimeoutError where a bound was given and passes."""
        self._forget(key for key in (*SUMMARY_KEYS, *FORMER_SUMMARY_KEYS) if key not in end.summary)
        self.run.summary.update(dict(end.summary))
        self.run.summary.update(self._tables(end))
        self.run.tags = tuple(end.tags)
        self.run.finish(exit_code=end.exit_code)

    def _tables(self, end: RunEnd) -> dict[str, Any]:
        """In the summary: in the history each would be a row without an epoch of its own."""
        table, tables = self.wandb.Table, {}
        if end.confusion:
            tables[CONFUSION_TABLE] = table(columns=CONFUSION_COLUMNS, data=list(map(list, end.confusion)))
        if end.removed:
            tables[REMOVED_TABLE] = table(columns=REMOVED_COLUMNS, data=list(map(list, end.removed)))
        return tables

    def _forget(self, keys: Iterable[str]) -> None:
        known = set(self.run.summary.keys())
        for key in keys:
            if key in known and key != EPOCH:
                del self.run.summary[key]
