"""The pictures of the README, out of one real `ferray sweep demo`: `make pictures`.

    python -m bench.pictures [--runs FOLDER] [--to docs/pictures]

About three minutes on two cores. With `--runs` the sweep in that folder is taken as it is, and the live table is left.
Everything is of drawn faces. No picture is larger than 100 kB, and none names a folder of this machine.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.text import Text

from bench.terminal import Terminal, svg
from ferray.config.cache_folder import default_cache_dir
from ferray.config.load import find_space
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.results.figures.album import Album
from ferray.results.figures.draw import draw_sweep
from ferray.results.figures.outliers import draw_outliers
from ferray.results.figures.removed import Picture
from ferray.results.groups import groups_of
from ferray.results.originals import Originals
from ferray.results.removals import best_with_removals, read_removals
from ferray.study.history import load_sweep

ROOT = Path(__file__).resolve().parents[1]
TO = ROOT / "docs" / "pictures"
SWEEP = "demo"
COLUMNS = 100
LARGEST = 100_000  # bytes
NUM_FACES, FACE_PX = 12, 96
WIDTH_PX = 800  # of a figure, two of which stand side by side
COLOURS = (255, 192, 128, 96, 64)
HALFWAY = re.compile(r"\b(8|9|10|11)/16 trials +2 running")
UNDER_WAY = re.compile(r"^ +\d+ +[1-9]\d*/\d+ +\d\.\d+", re.MULTILINE)  # a trial that runs and has ended an epoch


def main() -> None:
    """Make all pictures anew."""
    parser = argparse.ArgumentParser(description="Make the pictures of the README.")
    parser.add_argument("--runs", type=Path, help="Folder of a finished `ferray sweep demo`.")
    parser.add_argument("--to", type=Path, default=TO)
    asked = parser.parse_args()
    asked.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ferray-pictures-") as folder:
        home = asked.runs.parent if asked.runs else Path(folder)
        if not asked.runs:
            picture_live(home, asked.to / "live.svg")
        picture_leaderboard(home, asked.to / "leaderboard.svg")
        picture_faces(home / "runs" / SWEEP, asked.to / "removed.png")
        picture_curves(home / "runs" / SWEEP, Path(folder), asked.to / "curves.png")
    for path in sorted(asked.to.iterdir()):
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes")
        assert size <= LARGEST, f"`{path}` is larger than {LARGEST:,} bytes"


def picture_live(home: Path, to: Path) -> None:
    """The live table when half of the trials have ended and as many as can be are under way; the sweep to its end."""
    shown, most = None, -1
    with _ferray(home, "sweep", SWEEP) as terminal:
        for _ in terminal.watch():
            num_under_way = len(UNDER_WAY.findall(terminal.text()))
            if HALFWAY.search(terminal.text()) and num_under_way > most:
                shown, most = terminal.lines(), num_under_way
    assert terminal.process.returncode == 0, terminal.text()
    assert shown is not None, "the table was never seen with half of the trials done"
    _write(to, shown, f"ferray sweep {SWEEP}", home)


def picture_leaderboard(home: Path, to: Path) -> None:
    """The leaderboard as it is printed."""
    with _ferray(home, "leaderboard", SWEEP) as terminal:
        pass
    assert terminal.process.returncode == 0, terminal.text()
    _write(to, terminal.lines(), f"ferray leaderboard {SWEEP}", home)


def _ferray(home: Path, *words: str) -> Terminal:
    """`ferray` on a terminal, called by its bare name and with the space beside it, as on a machine of its own."""
    script = home / "bin" / "ferray"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!{sys.executable}\nfrom ferray.cli import main\n\nmain()\n")
    script.chmod(0o755)
    (home / "search_spaces").mkdir(exist_ok=True)
    (home / "search_spaces" / f"{SWEEP}.yaml").write_text(find_space(SWEEP).text)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "RAY_", "FERRAY_"))}
    own = {
        "PATH": f"{script.parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "WANDB_MODE": "offline",
        "FERRAY_CACHE": str(home / "cache"),
    }
    return Terminal([str(script), *words], columns=COLUMNS, cwd=home, env={**kept, **own})


def _write(to: Path, lines: Sequence[Text], title: str, home: Path) -> None:
    text = "\n".join(line.plain for line in lines)
    private = [folder for folder in map(str, (home.resolve(), Path.home(), ROOT)) if folder in text]
    assert not private, f"`{to.name}` would show {private}:\n{text}"
    to.write_text(svg(lines, columns=COLUMNS, title=title), encoding="utf-8")


def picture_faces(folder: Path, to: Path) -> None:
    """The removed samples of highest loss, of the best trial that removed any."""
    record = load_sweep(folder)
    trial = best_with_removals(folder, record)
    assert trial is not None, "no trial removed anything"
    removals = read_removals(folder, trial)
    originals = Originals(TrialConfig.model_validate(trial.config), DataPlace(folder, default_cache_dir()))
    first = sorted(removals.removed, key=lambda gone: -gone.sample.loss)[:NUM_FACES]
    faces = [Picture(gone, originals.picture(gone.sample.sample_id, gone.sample.name, FACE_PX)) for gone in first]
    with tempfile.TemporaryDirectory() as drawn:
        draw_outliers(Album(Path(drawn), record.name), removals, faces, record.name)
        _shrink(Path(drawn) / "outliers_removed.png", to)


def picture_curves(folder: Path, drawn: Path, to: Path) -> None:
    """Loss and accuracy of the best trial."""
    record = load_sweep(folder)
    draw_sweep(drawn / "figures", record, folder, groups=groups_of(record))
    _shrink(drawn / "figures" / "curves.png", to)


def _shrink(path: Path, to: Path) -> None:
    """The figure in fewer pixels, and in as many colours as `LARGEST` allows."""
    with Image.open(path) as whole:
        size = (WIDTH_PX, round(whole.height * WIDTH_PX / whole.width))
        small = whole.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    for colours in COLOURS:
        few = small.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(to, optimize=True)
        if to.stat().st_size <= LARGEST:
            return


if __name__ == "__main__":
    main()
