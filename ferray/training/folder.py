"""A trial's folder: config.json, init.json, history.jsonl, removed.csv, and the checkpoints beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.errors import CheckpointError, DataError, ResumeMismatch, StorageError
from ferray.events import EpochReport
from ferray.text.sanitize import write_rows

LAST_CHECKPOINT = "last.pt"
BEST_CHECKPOINT = "best.pt"
ERROR_FILE = "error.txt"
REMOVED_COLUMNS = ("epoch", "sample_id", "name", "label", "predicted", "loss", "truly_mislabelled")


class TrialFolder:
    """The files of one trial. `lines` are those of history.jsonl, one epoch each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = path / LAST_CHECKPOINT
        self.best = path / BEST_CHECKPOINT
        self.lines: list[str] = []
        self._history = path / "history.jsonl"
        self._removed = path / "removed.csv"
        self._init = path / "init.json"

    @property
    def reports(self) -> tuple[EpochReport, ...]:
        """The epochs of `lines`."""
        return tuple(EpochReport.from_json(json.loads(line)) for line in self.lines)

    def open(self, config: TrialConfig) -> None:
        """Make the folder and write config.json; ResumeMismatch where another configuration lives there."""
        file = self.path / "config.json"
        with _translated_errors(file):
            self.path.mkdir(parents=True, exist_ok=True)
            refuse_other_config(file, json.loads(file.read_text()) if file.exists() else None, config)
            file.write_text(json.dumps(config.to_json(), indent=2) + "\n")

    def restart(self, lines: Iterable[str]) -> None:
        """Put the files back to where these epochs had just ended: none for a fresh trial."""
        self.lines = list(lines)
        with _translated_errors(self._history):
            self._history.write_text("".join(f"{line}\n" for line in self.lines))
            self._removed.unlink(missing_ok=True)
            for line in self.lines:
                self._append_removed(EpochReport.from_json(json.loads(line)))

    def record_init(self, record: dict[str, Any] | None) -> None:
        """Write what the trial started from to init.json; no file where it started from nothing."""
        if record is None:
            return
        temporary = self._init.with_name(f".{self._init.name}")
        with _translated_errors(self._init):
            temporary.write_text(json.dumps(_finite(record), indent=2, allow_nan=False) + "\n")
            temporary.replace(self._init)

    def read_lines(self) -> list[str]:
        """The lines of history.jsonl as they lie on disk; CheckpointError where they are not those of whole epochs."""
        try:
            lines = self._history.read_text().splitlines()
            epochs = [EpochReport.from_json(json.loads(line)) for line in lines]
        except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"`{self._history}` is missing or damaged") from error
        except OSError as error:
            raise StorageError(f"`{self._history}` cannot be read: {error.strerror or error}") from error
        if not epochs:
            raise CheckpointError(f"`{self._history}` is empty")
        return lines

    def append(self, report: EpochReport) -> None:
        """Add one epoch to history.jsonl, and what it removed to removed.csv."""
        line = history_line(report)
        self.lines.append(line)
        with _translated_errors(self._history):
            with self._history.open("a") as file:
                file.write(f"{line}\n")
            self._append_removed(report)

    def _append_removed(self, report: EpochReport) -> None:
        rows = list(_removed_rows(report))
        if not rows:
            return
        is_new = not self._removed.exists()
        with self._removed.open("a", newline="") as file:
            write_rows(file, [REMOVED_COLUMNS, *rows] if is_new else rows, end="\r\n")


def checkpoints_of(job: TrialJob) -> list[Path]:
    """Where a job may go on from, latest first: its own last.pt, its `resume_from`, those of earlier attempts."""
    own = TrialFolder(job.path).last
    return [own] * own.exists() + [Path(path) for path in (job.resume_from, *job.resume_else) if path]


def history_line(report: EpochReport) -> str:
    """The report as one line of strict JSON, null for what is not finite."""
    return json.dumps(_finite(report.to_json()), allow_nan=False)


def refuse_other_config(file: Path, found: dict[str, Any] | None, config: TrialConfig) -> None:
    """ResumeMismatch naming the first key that differs, where `file` holds another configuration."""
    if found is None:
        return
    asked, found = config.canonical(), config.canonical_of(found)
    if found == asked:
        return
    key = next(key for key in (*asked, *found) if asked.get(key) != found.get(key))
    raise ResumeMismatch(
        f"`{file}` belongs to another configuration: {key} is `{found.get(key)}` there, asked is `{asked.get(key)}`",
        "give the trial another folder, or delete this one",
    )


@contextmanager
def _translated_errors(file: Path) -> Iterator[None]:
    """What the disk says, as one sentence that names the file."""
    try:
        yield
    except json.JSONDecodeError as error:
        raise DataError(f"`{file}` is not JSON", "delete it, or give the trial another folder") from error
    except OSError as error:
        raise StorageError(f"`{file}` cannot be written: {error.strerror or error}") from error


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _removed_rows(report: EpochReport) -> Iterator[tuple[object, ...]]:
    for sample in report.outliers.removed if report.outliers else ():
        label, predicted = report.classes[sample.label], report.classes[sample.predicted]
        known = "" if sample.truly_mislabelled is None else str(sample.truly_mislabelled).lower()
        yield (report.epoch, sample.sample_id, sample.name, label, predicted, f"{sample.loss:.6g}", known)
