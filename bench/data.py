"""How soon a data set is ready and what it takes of memory: FER-2013's 35,887 files of noise, in its folders.

    python -m bench.data [--quick]

prints one JSON document. Noise is drawn and written first, which is not timed. `first_start` decodes it into a pack,
`second_start` is a process that finds the pack, as every worker and every later command does: it looks at each file's
size and time of change, decodes nothing (`decoded`) and has 28,709 training faces ready. The floor of both is reading
the bytes that they need once: of the files, of the pack. `memory` is what four workers that went through all images add
to the memory in use, over the pack: proportional set size (each page divided by the processes that have it).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from bench.data_worker import SIZE
from bench.record import Record, print_record, recording

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PARTS = {"train": 28_709, "test": 7_178}
QUICK_PARTS = {"train": 700, "test": 140}
WORKERS = 4
STARTS = 3
READY_WITHIN_S = 1.0
MOST_MEMORY = 1.3  # times the pack


def write_noise(root: Path, parts: dict[str, int]) -> None:
    """Grey images in FER-2013's folders, a different one each."""
    random = np.random.default_rng(0)
    for part, count in parts.items():
        folders = [root / "fer2013" / part / name for name in CLASSES]
        for folder in folders:
            folder.mkdir(parents=True)
        for number in range(count):
            image = random.integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
            written, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 0])
            assert written, "OpenCV writes PNG"
            (folders[number % len(folders)] / f"{number:05}.png").write_bytes(content.tobytes())


def read_files(root: Path) -> float:
    """Seconds in which all bytes below `root` are read once."""
    started = time.perf_counter()
    for path in root.rglob("*.png"):
        path.read_bytes()
    return time.perf_counter() - started


class Worker:
    """A process that opens the data; `opened` is what it says of that."""

    def __init__(self, cache: Path, root: Path) -> None:
        command = [sys.executable, "-m", "bench.data_worker", str(cache), str(root)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def opened(self) -> dict[str, Any]:
        """How it opened the data; it has read every image once then."""
        said = self._hear()
        self._hear()
        return said

    def added(self) -> int:
        """Bytes of memory that the data added to it, now."""
        self._stream(self._process.stdin).write("\n")
        self._stream(self._process.stdin).flush()
        return int(self._hear()["added"])

    def close(self) -> None:
        self._process.communicate()

    def _hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._stream(self._process.stdout).readline())
        return said

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None, "both are pipes"
        return stream


def one_start(cache: Path, root: Path) -> dict[str, Any]:
    worker = Worker(cache, root)
    opened = worker.opened()
    worker.close()
    return opened


def memory_of(workers: int, cache: Path, root: Path) -> dict[str, Any]:
    """What so many processes at once add to the memory in use."""
    running = [Worker(cache, root) for _ in range(workers)]
    opened = [worker.opened() for worker in running]
    added = [worker.added() for worker in running]  # only now: pages are divided by those that have them at this moment
    for worker in running:
        worker.close()
    pack = opened[0]["pack_bytes"]
    return {"workers": workers, "pack_bytes": pack, "added_bytes": added, "times_the_pack": sum(added) / pack}


def measure(quick: bool = False) -> Record:
    with recording("data", quick=quick) as record, tempfile.TemporaryDirectory(prefix="fb-") as folder:
        root, cache = Path(folder) / "root", Path(folder) / "cache"
        write_noise(root, QUICK_PARTS if quick else PARTS)
        floor = read_files(root)
        first = one_start(cache, root)
        later = [one_start(cache, root) for _ in range(1 if quick else STARTS)]
        record.compare("first_start", [first["wall_s"]], [floor])
        walls = sorted(start["wall_s"] for start in later)
        record.state("second_start", walls[len(walls) // 2], "s", at_most=READY_WITHIN_S)
        record.state("decoded_at_second_start", max(start["decoded"] for start in later), "images", at_most=0)
        memory = memory_of(WORKERS, cache, root)
        record.state("memory", memory["times_the_pack"], "times the pack", at_most=MOST_MEMORY)
        record.details.update(first=first, later=later, memory=memory)
    return record.document()


if __name__ == "__main__":
    print_record(measure, __doc__)
