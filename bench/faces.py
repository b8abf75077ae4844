"""Faces cut out of many pictures by a command that is killed again and again: what is lost, what is done twice.

    python -m bench.faces [--images 5000] [--kills 3] [--workers 2] [--folder DIR]

prints one JSON document. The pictures have film-like names and 200 x 160 pixels: a drawn face in noise, every tenth
without one. `ferray data prepare sfew` is killed (kill -9, the command alone, not its workers) as often as asked, each
time after an equal share of the pictures, then run to its end; another run, never killed and of one process, cuts the
same pictures again.

- `killed`: at each kill, how many pictures were recorded as done, and how many crops lay there beyond those, which the
  next run cuts a second time; `torn` are crops that do not decode; `orphans_s` is how long the workers lived on.
- `last`: what the run to the end did itself and what it found done.
- `same_bytes`: whether the killed runs left the same files as the one that was never killed, report and sheets too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from bench.commands import FERRAY, environment
from ferray.crops.journal import Journal
from ferray.data.images import read_rgb
from ferray.data.layout import PREPARED
from ferray.data.png import write_png
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.synthetic.portrait import draw_portrait

HEIGHT, WIDTH, FACE = 160, 200, 128
FILMS = 40
LOOK_EVERY_S = 0.02
LONGEST_S = 3600


def write_frames(root: Path, count: int) -> None:
    """So many pictures below `root/SFEW/<Class>/`, the same ones every time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: _write_frame(root, number), range(count)))


def draw_frame(number: int) -> NDArray[np.uint8]:
    """A face somewhere in noise, (160, 200, 3); noise alone where the number ends in 0."""
    generator = np.random.default_rng([7, number])
    frame = generator.integers(0, 60, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    if number % 10:
        top, left = generator.integers(0, [HEIGHT - FACE, WIDTH - FACE])
        emotion = Emotion(number % len(Emotion))
        frame[top : top + FACE, left : left + FACE] = draw_portrait(emotion, generator, FACE)
    return frame


def measure(folder: Path, *, images: int, kills: int, workers: int) -> dict[str, Any]:
    """The figures; `folder` is empty and stays as the last run leaves it."""
    write_frames(folder / "data", images)
    killed = [kill_after(folder, images * (number + 1) // (kills + 1), workers=workers) for number in range(kills)]
    started = time.monotonic()
    last = run(folder, workers=workers, to=folder / "killed")
    last_s = time.monotonic() - started
    started = time.monotonic()
    whole = run(folder, workers=1, to=folder / "whole")
    return {
        "killed": killed,
        "last": {"done": last["num_done"], "before": last["num_before"], "seconds": round(last_s, 1)},
        "uninterrupted": {"done": whole["num_done"], "seconds": round(time.monotonic() - started, 1)},
        "counts": last["counts"],
        "same_bytes": contents(folder / "killed") == contents(folder / "whole"),
    }


def command(folder: Path, *, workers: int, to: Path) -> list[str]:
    """`ferray data prepare` over the frames of `folder`."""
    where = ["--data-root", str(folder / "data"), "--to", str(to), "--workers", str(workers)]
    return [*FERRAY, "data", "prepare", "sfew", "--size", "96", "--json", "--quiet", *where]


def run(folder: Path, *, workers: int, to: Path) -> dict[str, Any]:
    """Run to the end and return the report; CalledProcessError, the error on stderr, otherwise."""
    asked = command(folder, workers=workers, to=to)
    done = subprocess.run(
        asked, env=environment(folder / "place"), stdout=subprocess.PIPE, timeout=LONGEST_S, check=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def kill_after(folder: Path, num_done: int, *, workers: int) -> dict[str, Any]:
    """Run until so many pictures are recorded, kill the command, wait for its workers, and count what is there."""
    to = folder / "killed"
    asked = command(folder, workers=workers, to=to)
    process = psutil.Popen(asked, env=environment(folder / "place"), stdout=subprocess.DEVNULL)
    until = time.monotonic() + LONGEST_S
    while _num_lines(to / PREPARED) < num_done and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
    workers_of_it = process.children(recursive=True)
    process.kill()
    code = process.wait()
    killed_at = time.monotonic()
    psutil.wait_procs(workers_of_it, timeout=60)
    orphans_s = time.monotonic() - killed_at
    recorded = Journal(to / PREPARED).read()
    crops = [path for path in to.rglob("*.png") if not path.name.startswith("contact")]
    files = {record.file for record in recorded.values()}
    return {
        "by_signal": -code,
        "recorded": len(recorded),
        "cut_beyond": sum(path.relative_to(to).as_posix() not in files for path in crops),
        "torn": sum(map(_is_torn, crops)),
        "orphans_s": round(orphans_s, 2),
    }


def contents(folder: Path) -> dict[str, str]:
    """Every file's hash by its path, hidden ones left out: the journal knows where its folder was."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def _write_frame(root: Path, number: int) -> None:
    emotion = Emotion(number % len(Emotion))
    name = f"Film{number % FILMS}_{number:09d}_{number % 7:08d}.png"
    write_png(root / "SFEW" / emotion.title / name, draw_frame(number))


def _num_lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b'"name"')
    except FileNotFoundError:
        return 0


def _is_torn(path: Path) -> bool:
    try:
        read_rgb(path)
    except DataError:
        return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in and to keep")
    given = parser.parse_args()
    size = {"images": given.images, "kills": given.kills, "workers": given.workers}
    with tempfile.TemporaryDirectory(prefix="ferray-bench-") as temporary:
        figures = measure(given.folder or Path(temporary), **size)
    cores = len(os.sched_getaffinity(0))
    print(json.dumps({"benchmark": "faces", **size, "cpus": cores, **figures}, indent=2))


if __name__ == "__main__":
    main()
