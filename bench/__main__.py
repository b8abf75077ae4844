"""What ferray costs, all parts one after another: `python -m bench [--quick] [--only PART ...] [--write]`

prints one JSON document, a record a part (see `bench/record.py`), and says on stderr what is measured and how long each
part and all of them took. `--write`, which `make bench` gives, adds a row a part to the tables of docs/benchmarks.md,
or of the page that it names; a quick run is never written there. A part that fails is said and left out, and the exit
code is 1 then. On two quiet cores all parts take less than a quarter of an hour, each about as long as `PARTS` says.
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
    """A module of `bench/`, its seconds on two quiet cores, and what it is asked when all are run.

    That is less than by itself, where that takes long.
    """

    name: str
    about_s: int
    options: tuple[str, ...] = ()


WITHIN_S = 780
PARTS = (
    Part("sweep", 265, ("--parts", "bare", "short", "--trials", "12")),
    Part("trial_start", 45, ("--pairs", "1")),
    Part("startup", 100),
    Part("trainer", 80),
    Part("data", 70),
    Part("heads", 80, ("--heads", "48")),
    Part("driver", 100),
    Part("store", 40, ("--trials", "1000")),
)


def run(part: Part, *, quick: bool) -> Record | None:
    """The record of one part, measured in a process of its own, of which `seconds` is all; None where that failed."""
    command = [sys.executable, "-m", f"bench.{part.name}", *part.options, *(["--quick"] if quick else [])]
    started = time.monotonic()
    print(f"{part.name} ...", file=sys.stderr, flush=True)
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    seconds = time.monotonic() - started
    print(f"{part.name}: {seconds:.0f} s, on two quiet cores {part.about_s}", file=sys.stderr, flush=True)
    if ended.returncode:
        print(f"{part.name} failed with exit code {ended.returncode}", file=sys.stderr)
        return None
    return {**json.loads(ended.stdout), "seconds": round(seconds, 1)}


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
    parser.add_argument("--write", nargs="?", type=Path, const=PAGE, help="add a row a part to docs/benchmarks.md")
    given = parser.parse_args()
    if given.quick and given.write:
        parser.error("the figures of --quick mean nothing: leave out --write")
    found = {part.name: run(part, quick=given.quick) for part in PARTS if part.name in given.only}
    records = [record for record in found.values() if record is not None]
    print(f"all parts: {sum(record['seconds'] for record in records):.0f} s", file=sys.stderr)
    if given.write:
        write_tables(given.write, records)
    print(json.dumps(records, indent=2))
    return int(len(records) < len(found))


if __name__ == "__main__":
    sys.exit(main())
