"""A process that opens a data set as a worker does: `python -m bench.data_worker CACHE ROOT`, one JSON object a line.

The first line says how long the opening took beyond imports and how many images it decoded. It then reads every
image, as an epoch does, and says what memory that added to the process; it ends with its standard input.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ferray.config.trial import DatasetChoice
from ferray.data import pack_file
from ferray.data.opened import forget_listings
from ferray.data.pack import open_splits
from ferray.data.samples import Splits

SIZE = 48
BATCH = 256


def open_data(root: Path, cache: Path) -> Splits:
    choice = DatasetChoice.model_validate("fer2013")
    return open_splits(choice, size=SIZE, limit_per_class=None, data_root=root, cache_dir=cache)


def read_all(splits: Splits) -> int:
    """Look at every training and validation image, and count them."""
    seen = 0
    for samples in (splits.train, splits.val):
        for start in range(0, len(samples), BATCH):
            seen += len(samples.images_of(np.arange(start, min(start + BATCH, len(samples)))))
    return seen


def pss_bytes() -> int:
    """Memory of this process, each page it shares divided by the processes that have it."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def say(**said: Any) -> None:
    print(json.dumps(said), flush=True)


def main() -> None:
    cache, root = map(Path, sys.argv[1:])
    decoded = 0
    decode = pack_file._decode

    def counted(*arguments: Any) -> Any:
        nonlocal decoded
        decoded += 1
        return decode(*arguments)

    setattr(pack_file, "_decode", counted)  # noqa: B010  # a name of that module's
    started, cpu, before = time.perf_counter(), time.process_time(), pss_bytes()
    splits = open_data(root, cache)
    forget_listings()  # as a worker does after its first epoch
    took = {"wall_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
    say(**took, decoded=decoded, train=len(splits.train), pack_bytes=splits.train.images.nbytes)
    say(seen=read_all(splits))
    for _ in sys.stdin:  # each line asks
        say(added=pss_bytes() - before)


if __name__ == "__main__":
    main()
