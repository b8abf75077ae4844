"""Results as scripts read them: a trial as an entry of the leaderboard's JSON or a line of its CSV, and CSV files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ferray.errors import DataError
from ferray.files.atomic import write_text
from ferray.files.os_errors import writing
from ferray.results.trial_intervals import accuracy_interval, value_interval
from ferray.study.records import DriverRecord, TrialRecord
from ferray.text.sanitize import csv_text


def entry(trial: TrialRecord, metric: str) -> dict[str, Any]:
    """One trial of the JSON contract, `metric` being the objective; the keys up to `checkpoint` are promised.

    `names` has what people are told of components whose entry in `params` says less, or more than they need.
    """
    names = {key: trial.told[key] for key in trial.names if key in trial.params}
    interval, around = accuracy_interval(trial), value_interval(trial, metric)
    return {
        "number": trial.number,
        "state": trial.state,
        "value": finite(trial.value),
        "epochs": trial.epochs,
        "recipe": trial.recipe,
        "params": {name: finite(value) for name, value in trial.params.items()},
        "metrics": {name: finite(value) for name, value in trial.metrics.items()},
        "num_val": trial.num_val,
        "interval": list(interval) if interval else None,
        "checkpoint": (trial.checkpoint or None) if not trial.freed else None,
        "value_interval": list(around) if around else None,
        "outcome": trial.outcome,
        "best_epoch": trial.best_epoch,
        "epochs_asked": trial.epochs_asked,
        "seconds": trial.seconds,
        "folder": trial.folder,
        "message": trial.message,
        "error_file": trial.error_file,
        "reason": trial.reason,
        "accumulated": trial.accumulated,
        "superseded_by": trial.superseded_by,
        "folds": [fold.value for fold in trial.folds],
        "parent": trial.parent or None,
        **({"names": names} if names else {}),
        **({"host": trial.host, "node": trial.node} if trial.host or trial.node else {}),
    }


def driver_entry(driver: DriverRecord | None) -> dict[str, Any] | None:
    """Who drives the sweep, of the same contract; `renewed` is in seconds since the epoch."""
    return None if driver is None else asdict(driver)


def finite(value: Any) -> Any:
    """The value as JSON has it: None for a number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def entries_as_csv(entries: list[dict[str, Any]]) -> str:
    """Entries as comma-separated lines under a header: `params.*` and `metrics.*` flat, intervals as low and high."""
    flat = [flat_entry(entry) for entry in entries]
    header = _header(flat)
    return csv_text([header, *([row.get(name, "") for name in header] for row in flat)])


def flat_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without containers, as a line of CSV has it."""
    flat: dict[str, Any] = {}
    for key, value in entry.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": inner for name, inner in value.items()}
        elif key in ("interval", "value_interval"):
            flat |= dict(zip((f"{key}.low", f"{key}.high"), value or (None, None), strict=True))
        else:
            flat[key] = value
    return flat


def _header(flat: list[dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys(name for row in flat for name in row))
    plain = [name for name in names if not name.startswith(("params.", "names.", "metrics."))]
    return plain + sorted(name for name in names if name not in plain)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Replace `path` by a header and rows in one step; DataError where it cannot be written."""
    with writing(path, DataError, "choose another `--to`"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, csv_text([header, *rows]))
    return path
