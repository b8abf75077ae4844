"""Plays every fault to a tiny sweep, and tells what the user saw, the exit code, and what was lost: nothing may be.

    python -m bench.faults [--json] [--list] [NAME ...]

prints a table, or one JSON document, and exits with 1 where something was lost or the user was not told. NAME takes the
faults whose name begins with it or whose kind (driver, kills, cluster, trials, store, ends, trackers) it is. Faults of
processes run on an embedded Ray cluster or on a head of their own, all others in one process; disks that fill up or
turn read-only are small ones of their own and need root. `lost` compares the store with what was asked, after the fault
is mended and the same command has run again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bench import (
    family,
    fault_cluster,
    fault_driver,
    fault_ends,
    fault_kills,
    fault_store,
    fault_trackers,
    fault_trials,
)
from bench.stage import Fault, Seen, Stage
from ferray.testing.faulty import install

KINDS = {
    "driver": fault_driver.FAULTS,
    "kills": fault_kills.FAULTS,
    "cluster": fault_cluster.FAULTS,
    "trials": fault_trials.FAULTS,
    "store": fault_store.FAULTS,
    "ends": fault_ends.FAULTS,
    "trackers": fault_trackers.FAULTS,
}
WIDTHS = (28, 78, 4, 40)


def chosen(wanted: list[str]) -> dict[str, Fault]:
    """The faults whose name or kind begins with one of the words; all where there are none."""
    faults = {}
    for kind, named in KINDS.items():
        for name, fault in named.items():
            if not wanted or any(name.startswith(word) or kind == word for word in wanted):
                faults[name] = fault
    return faults


def play(faults: dict[str, Fault], root: Path) -> Iterator[tuple[str, Seen, float]]:
    """Each fault on a stage of its own, which goes away unless something was lost."""
    plugin = install(root / "plugin")
    for number, (name, fault) in enumerate(faults.items()):
        stage = Stage(root / f"{number:02d}", {"PYTHONPATH": f"{Path.cwd()}:{plugin}"})
        began = time.monotonic()
        seen = fault(stage)
        family.left_after(5)
        if seen.is_well:
            shutil.rmtree(stage.folder, ignore_errors=True)
        yield name, seen, time.monotonic() - began


def row_lines(cells: tuple[str, ...]) -> str:
    """One row of the table, long cells wrapped."""
    columns = [textwrap.wrap(cell, width) for cell, width in zip(cells, WIDTHS, strict=True)]
    lines = []
    for row in zip_longest(*columns, fillvalue=""):
        lines.append("  ".join(f"{cell:<{width}}" for cell, width in zip(row, WIDTHS, strict=True)).rstrip())
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--keep", type=Path, help="leave the folders of what went wrong here")
    given = parser.parse_args()
    faults = chosen(given.names)
    if given.list:
        print("\n".join(faults))
        return
    family.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left behind
    # Short, because Ray puts sockets below it and their paths may have 107 letters.
    with tempfile.TemporaryDirectory(prefix="ff", dir="/tmp", ignore_cleanup_errors=True) as folder:
        try:
            wrong = report(faults, given.keep or Path(folder), as_json=given.json)
        finally:
            family.left_after(0)
    sys.exit(bool(wrong))


def report(faults: dict[str, Fault], root: Path, *, as_json: bool) -> list[str]:
    """Play the faults and print what came of them; the names of those that cost something."""
    root.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    if not as_json:
        print(row_lines(("fault", "what the user saw", "exit", "what was lost")))
    for name, seen, seconds in play(faults, root):
        said = seen.said.replace(str(root), "")
        row = {
            "fault": name,
            "said": said,
            "exit_code": seen.exit_code,
            "lost": seen.lost,
            "seconds": round(seconds, 1),
        }
        rows.append({**row, "is_well": seen.is_well})
        if not as_json:
            print(row_lines((name, said, str(seen.exit_code), seen.lost)), flush=True)
    if as_json:
        print(json.dumps({"benchmark": "faults", "faults": rows}, indent=2))
    return [row["fault"] for row in rows if not row["is_well"]]


if __name__ == "__main__":
    main()
