"""Where everything lies in a sweep's folder, in one place.

runs/NAME/                       the sweep
├── sweep.yaml                   the space, verbatim
├── resolved.json                the space after `--set`, checked
├── environment.json             commit, versions, hosts
├── study.journal                the store
├── wandb/  tensorboard/         what trackers write
└── trials/0017-1f3a9c2e/        one trial: number and recipe
    ├── history.jsonl            one epoch a line
    ├── last.pt  best.pt         while it runs; at the end
    └── error.txt                the traceback of a failed trial
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ferray.errors import DataError
from ferray.events import EpochReport
from ferray.study import records

LAST_CHECKPOINT = "last.pt"
BEST_CHECKPOINT = "best.pt"
HISTORY = "history.jsonl"
ERROR = "error.txt"


def trial_folder_name(number: int, recipe: str) -> str:
    """The folder of a trial, relative to the sweep's: `trials/0017-1f3a9c2e`; the rule is the study's."""
    return records.trial_folder(number, recipe)


def trial_folder(sweep_folder: Path, number: int, recipe: str) -> Path:
    """The folder of a trial; it may not exist yet."""
    return sweep_folder / trial_folder_name(number, recipe)


def last_checkpoint(folder: Path) -> Path:
    """What a trial in `folder` continues from while it runs."""
    return folder / LAST_CHECKPOINT


def best_checkpoint(folder: Path) -> Path:
    """The weights of the best epoch of the trial in `folder`."""
    return folder / BEST_CHECKPOINT


def history_file(folder: Path) -> Path:
    """One `EpochReport` a line, of the trial in `folder`."""
    return folder / HISTORY


def error_file(folder: Path) -> Path:
    """The traceback of the trial in `folder`, if it failed."""
    return folder / ERROR


def space_file(sweep_folder: Path) -> Path:
    """The search space as it was given."""
    return sweep_folder / "sweep.yaml"


def resolved_file(sweep_folder: Path) -> Path:
    """The search space as it was understood."""
    return sweep_folder / "resolved.json"


def environment_file(sweep_folder: Path) -> Path:
    """Commit, versions and hosts."""
    return sweep_folder / "environment.json"


def journal_file(sweep_folder: Path) -> Path:
    """The default store."""
    return sweep_folder / "study.journal"


def append_history(folder: Path, report: EpochReport) -> None:
    """Add one epoch to the history of the trial in `folder`, on a line of its own even after a torn one."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps(report.to_json(), separators=(",", ":")).encode()
    with history_file(folder).open("ab+") as file:
        if file.tell() and not _ends_in_newline(file):
            file.write(b"\n")
        file.write(line + b"\n")


def _ends_in_newline(file: Any) -> bool:
    file.seek(-1, 2)
    return bool(file.read(1) == b"\n")


def read_history(folder: Path) -> list[EpochReport]:
    """Every epoch of the trial in `folder`, in order; empty when there is no history.

    A line that a kill has torn is left out. Where a continued trial wrote an epoch again, the later line counts.
    DataError with the line's number when a whole line is not a report.
    """
    path = history_file(folder)
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
