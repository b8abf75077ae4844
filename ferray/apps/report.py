"""A sweep as one page that needs no network, for `ferray report`."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.config.place import DataPlace
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError
from ferray.reports.page import write_report
from ferray.results.sweep import opened
from ferray.study.records import SweepRecord

NAME = "report.html"  # in the sweep's folder, where nobody says otherwise


@dataclass(frozen=True)
class Report:
    """A page that was written: where, how many bytes it has, and how many trials it speaks of."""

    sweep: str
    file: Path
    num_bytes: int
    num_trials: int

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray report --json`."""
        return {"sweep": self.sweep, "file": str(self.file), "bytes": self.num_bytes, "trials": self.num_trials}


def make_report(record: SweepRecord, folder: Path, to: Path | None, runtime: Runtime) -> Report:
    """Write the page of the sweep in `folder` to `to`, else to `report.html` there.

    Removed samples have pictures where the data of `runtime` is what was trained on. ConfigError where `to` is a
    folder, DataError where it cannot be written.
    """
    if to is not None and to.is_dir():
        raise ConfigError(f"`{to}` is a folder", f"name a file: `--to {to / NAME}`")
    data = DataPlace(runtime.data_root, runtime.cache_dir)
    file = write_report(opened(record, folder.absolute()), to or folder / NAME, data=data)
    return Report(record.name, file, file.stat().st_size, len(record.trials))


def show_in_browser(file: Path) -> bool:
    """Have this machine's browser show a file; False where it has none."""
    return webbrowser.open(file.absolute().as_uri())
