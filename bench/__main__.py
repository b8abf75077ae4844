"""What ferray costs, all parts one after another: `python -m bench [--quick] [--only PART ...] [--write]`

prints one JSON document, a record a part (see `bench/record.py`), and says on stderr what is measured. `--write`, which
`make bench` gives, adds a row a part to the tables of docs/benchmarks.md; a quick run is never written there. A part
that fails is said and left out, and the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.record import ROOT, Record
from bench.tables import with_rows
from ferray.files.atomic import write_text

PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Part:
    """A module of `bench/` and what it is asked when all are run: less than by itself, where that takes long."""

    name: str
    options: tuple[str, ...] = ()


PARTS = (
    Part("sweep", ("--parts", "bare", "short")),
    Part("trial_start", ("--pairs", "1")),
    Part("startup"),
    Part("trainer"),
    Part("data"),
    Part("heads", ("--heads", "48")),
    Part("driver"),
    Part("store", ("--trials", "2000")),
)


def run(part: Part, *, quick: bool) -> Record | None:
    """The record of one part, measured in a process of its own; None where that failed."""
    command = [sys.executable, "-m", f"bench.{part.name}", *part.options, *(["--quick"] if quick else [])]
    started = time.monotonic()
    print(f"{part.name} ...", file=sys.stderr, flush=True)
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    print(f"{part.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if ended.returncode:
        print(f"{part.name} failed with exit code {ended.returncode}", file=sys.stderr)
        return None
    record: Record = json.loads(ended.stdout)
    return record


def write_tables(page: Path, records: list[Record]) -> None:
    """Add a row for each record to its table on the page."""
    text = page.read_text(encoding="utf-8")
    for record in records:
        text = with_rows(text, record)
    write_text(page, text)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="PART", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="just enough to see that it works, no figures to quote")
    parser.add_argument("--write", action="store_true", help="add a row a part to docs/benchmarks.md")
    given = parser.parse_args()
    if given.quick and given.write:
        parser.error("the figures of --quick mean nothing: leave out --write")
    found = {part.name: run(part, quick=given.quick) for part in PARTS if part.name in given.only}
    records = [record for record in found.values() if record is not None]
    if given.write:
        write_tables(PAGE, records)
    print(json.dumps(records, indent=2))
    return int(len(records) < len(found))


if __name__ == "__main__":
    sys.exit(main())
