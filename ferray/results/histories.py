"""The epochs of a trial, as they lie in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ferray.errors import DataError
from ferray.events import EpochReport

HISTORY = "history.jsonl"


def read_history(folder: Path) -> list[EpochReport]:
    """Every epoch of the trial in `folder`, in order; empty when there is no history.

    A line that a kill has torn is left out. Where a continued trial wrote an epoch again, the later line counts.
    DataError with the line's number when a whole line is not a report.
    """
    path = folder / HISTORY
    if not path.exists():
        return []
    epochs: dict[int, EpochReport] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        data = _parse(line)
        if data is not None:
            report = _report(data, f"{path}:{number}")
            epochs[report.epoch] = report
    return [epochs[epoch] for epoch in sorted(epochs)]


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _report(data: Any, place: str) -> EpochReport:
    try:
        return EpochReport.from_json(data)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise DataError(
            f"`{place}` is not the report of an epoch", "move the file away, the store does not need it"
        ) from error
