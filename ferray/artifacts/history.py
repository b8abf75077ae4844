"""The epochs of a trial, a line of strict JSON each, and the samples that outlier removal dropped in them, as csv."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import CheckpointError, DataError, StorageError
from ferray.events import EpochReport
from ferray.text.sanitize import csv_text

# A line as `history_line` writes it; within a text a quote has a backslash before it, so that none holds the key.
_TIMED = re.compile(rb'^\{"epoch": (\d+), .*"seconds": ([-+.0-9e]+)[,}].*\}$', re.MULTILINE)
REMOVED_COLUMNS = ("epoch", "sample_id", "name", "label", "predicted", "loss", "truly_mislabelled")


class EpochLog:
    """What a trial that is being trained writes down: each epoch, and what went in it. `lines` are an epoch each."""

    def __init__(self, artifacts: TrialArtifacts) -> None:
        self._artifacts = artifacts
        self.lines: list[str] = []
        self._reports: list[EpochReport] = []

    @property
    def reports(self) -> tuple[EpochReport, ...]:
        """The epochs of `lines`."""
        return tuple(self._reports)

    def restart(self, lines: Iterable[str]) -> None:
        """Put the files back to where these epochs had just ended: none for a fresh trial."""
        self.lines = list(lines)
        self._reports = list(map(_report_of, self.lines))
        self._write_lines()
        rows = [row for report in self.reports for row in _removed_rows(report)]
        if rows:
            self._artifacts.removed.write_text(csv_text([REMOVED_COLUMNS, *rows], end="\r\n"), durable=False)
        elif self._artifacts.removed.exists():
            self._artifacts.removed.delete()

    def append(self, report: EpochReport) -> None:
        """Add one epoch, and what it removed."""
        line = history_line(report)
        self.lines.append(line)
        self._reports.append(_report_of(line))
        self._artifacts.history.append_text(f"{line}\n")
        if rows := list(_removed_rows(report)):
            is_new = not self._artifacts.removed.exists()
            self._artifacts.removed.append_text(csv_text([REMOVED_COLUMNS, *rows] if is_new else rows, end="\r\n"))

    def _write_lines(self) -> None:
        file = self._artifacts.history
        if self.lines or file.exists():
            file.write_text("".join(f"{line}\n" for line in self.lines), durable=False)
        else:
            file.append_text("")  # it is whole as soon as it is there


def history_line(report: EpochReport) -> str:
    """The report as one line of strict JSON, null for what is not finite."""
    data = report.to_json()
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:  # a number that is not finite, which few epochs have
        return json.dumps(finite(data), allow_nan=False)


def read_lines(artifacts: TrialArtifacts) -> list[str]:
    """The lines of a trial that goes on; CheckpointError where they are not those of whole epochs."""
    file = artifacts.history
    if not file.exists():
        raise CheckpointError(f"`{file}` is missing or damaged")
    try:
        lines = file.read_bytes(StorageError).decode("utf-8").splitlines()
        epochs = list(map(_report_of, lines))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"`{file}` is missing or damaged") from error
    if not epochs:
        raise CheckpointError(f"`{file}` is empty")
    return lines


def read_history(artifacts: TrialArtifacts) -> list[EpochReport]:
    """Every epoch of a trial, in order, for those who look at it; empty when there is no history.

    A line that a kill has torn is left out. Where a continued trial wrote an epoch again, the later line counts.
    DataError with the line's number when a whole line is not a report.
    """
    file = artifacts.history
    if not file.exists():
        return []
    epochs: dict[int, EpochReport] = {}
    for number, line in enumerate(file.read_bytes().decode("utf-8", "replace").splitlines(), start=1):
        if (data := _parsed(line)) is not None:
            report = _whole_report(data, file, number)
            epochs[report.epoch] = report
    return [epochs[epoch] for epoch in sorted(epochs)]


def read_seconds(artifacts: TrialArtifacts) -> list[float]:
    """What the epochs of `read_history` took, of those that say so, without parsing a line: most of the work."""
    file = artifacts.history
    found = _TIMED.findall(file.read_bytes()) if file.exists() else []
    return list({int(epoch): float(seconds) for epoch, seconds in found}.values())


def finite(value: Any) -> Any:
    """The containers with null for numbers that JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def _report_of(line: str) -> EpochReport:
    return EpochReport.from_json(json.loads(line))


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _whole_report(data: Any, file: ArtifactFile, number: int) -> EpochReport:
    try:
        return EpochReport.from_json(data)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        message = f"`{file}:{number}` is not the report of an epoch"
        raise DataError(message, "move the file away, the store does not need it") from error


def _removed_rows(report: EpochReport) -> Iterator[tuple[object, ...]]:
    for sample in report.outliers.removed if report.outliers else ():
        label, predicted = report.classes[sample.label], report.classes[sample.predicted]
        known = "" if sample.truly_mislabelled is None else str(sample.truly_mislabelled).lower()
        yield (report.epoch, sample.sample_id, sample.name, label, predicted, f"{sample.loss:.6g}", known)
