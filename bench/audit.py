"""How much of what was planted an audit finds, how much else it reports, how long it takes and how much memory.

    python -m bench.audit [--plain 3000] [--of-kind 150] [--seed 0]

prints one JSON document. Planted are copies of synthetic faces: identical files, mirrored, brightened, saved by JPEG,
cropped; by turns in the same place, in another split and under another label. `precision` counts a pair of pictures
as right where it was planted, and every other pair that is reported as wrong.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from bench.record import environment
from ferray.audit.copies import identical_pairs, near_pairs
from ferray.testing.planted_copies import pictures_in, score, write_planted


def _nobody(what: str, done: int, total: int) -> None:
    del what, done, total


def main() -> None:
    """Plant, look, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plain", type=int, default=3000)
    parser.add_argument("--of-kind", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        plants = write_planted(root, num_plain=asked.plain, num_of_kind=asked.of_kind, seed=asked.seed)
        pictures = pictures_in(root, Path(folder) / "cache")
        began, cpu = time.monotonic(), time.process_time()
        pairs = [*identical_pairs(pictures), *near_pairs(pictures, _nobody)]
        seconds = {"seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - cpu}
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        document = {"machine": environment(), "images": len(pictures), **score(pictures, pairs, plants), **seconds}
        print(json.dumps({**document, "peak_mib": peak_mib}, indent=2))


if __name__ == "__main__":
    main()
