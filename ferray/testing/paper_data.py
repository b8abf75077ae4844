"""Synthetic data in the shapes of the papers' data sets, so that their search spaces run where the real sets are not.

    python -m ferray.testing.paper_data DIR [--scale 0.1]

writes two data roots: `DIR/sfew1` holds SFEW 1.0 (675 frames, and a sheet of 10 numbers for each), `DIR/sfew2` SFEW 2.0
(891 and 431 aligned faces) and FER-2013's csv. Every face is drawn by ferray: figures measured on them say that a space
runs, and nothing about a paper. H and W = pixels, N = rows, F = features.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.data.datasets.demo import SFEW_TRAIN_COUNTS
from ferray.emotions import Emotion
from ferray.synthetic.portrait import draw_portrait
from ferray.testing.fake_data import FER_CODES

FRAME_COUNTS = (100, 75, 100, 100, 100, 100, 100)  # SFEW 1.0
TRAIN_COUNTS = tuple(SFEW_TRAIN_COUNTS.tolist())  # SFEW 2.0, aligned
VAL_COUNTS = (77, 23, 46, 72, 84, 73, 56)  # SFEW 2.0, aligned; the first of two halves are the counts that Wang printed
FER_COUNTS = (4953, 547, 5121, 8989, 6198, 6077, 4002)
FER_USAGES = {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589}

NUM_FILMS = 25
NUM_BACKDROPS = 8
NUM_FEATURES = 10
NUM_EMPTY_CELLS = 5
FEWEST = 5  # of a class and part, however small the scale: one for each of five folds
FRAME_HW = (576, 720)
ALIGNED_HW = (181, 143)
FRAMES, TRAIN, VAL, CSV, SHEET = range(5)  # what a random stream is for

Pixels = NDArray[np.uint8]
Cell = str | int | float | None


def write_papers(folder: Path, *, scale: float = 1.0, seed: int = 0) -> Path:
    """Both data roots in `folder`; `scale` times as many samples as the papers had."""
    write_frames(folder / "sfew1", scale=scale, seed=seed)
    write_sheet(folder / "sfew1", scale=scale, seed=seed)
    write_aligned(folder / "sfew2", scale=scale, seed=seed)
    write_csv(folder / "sfew2", scale=scale, seed=seed)
    note = "Synthetic: drawn by ferray in the shapes of SFEW and FER-2013, of which it holds nothing.\n"
    (folder / "SYNTHETIC.txt").write_text(note, encoding="utf-8")
    return folder


def write_frames(root: Path, *, scale: float = 1.0, seed: int = 0) -> Path:
    """SFEW 1.0: `SFEW/<Class>/*.png`, frames of 720x576 with one face somewhere; returns the data root."""
    backdrops = [_backdrop(np.random.default_rng([seed, FRAMES, number])) for number in range(NUM_BACKDROPS)]
    for emotion, number in _numbered(_scaled(FRAME_COUNTS, scale)):
        generator = np.random.default_rng([seed, FRAMES, emotion, number])
        film, name = _film_and_name(number, generator)
        _write_png(root / "SFEW" / emotion.title / name, _frame(emotion, backdrops[film % NUM_BACKDROPS], generator))
    return root


def write_aligned(root: Path, *, scale: float = 1.0, seed: int = 0) -> Path:
    """SFEW 2.0: `SFEW/Train/<Class>/*.png` and `SFEW/Val/<Class>/*.png`, faces of 143x181; returns the data root."""
    for part, stream, counts in (("Train", TRAIN, TRAIN_COUNTS), ("Val", VAL, VAL_COUNTS)):
        for emotion, number in _numbered(_scaled(counts, scale)):
            generator = np.random.default_rng([seed, stream, emotion, number])
            _, name = _film_and_name(number, generator)
            height, width = ALIGNED_HW
            left = (height - width) // 2
            face = draw_portrait(emotion, generator, height)[:, left : left + width]
            _write_png(root / "SFEW" / part / emotion.title / name, face)
    return root


def write_csv(root: Path, *, scale: float = 1.0, seed: int = 0) -> Path:
    """`fer2013.csv`: 48x48 grey faces in random order, by FER-2013's classes and parts; returns the data root."""
    labels = np.repeat(np.arange(len(Emotion)), _scaled(FER_COUNTS, scale))
    labels = np.random.default_rng([seed, CSV]).permutation(labels)
    usages = fer_usages(len(labels))
    root.mkdir(parents=True, exist_ok=True)
    with (root / "fer2013.csv").open("w", encoding="utf-8") as csv:
        csv.write("emotion,pixels,Usage\n")
        for row, label in enumerate(labels.tolist()):
            face = draw_portrait(Emotion(label), np.random.default_rng([seed, CSV, row]), 48)
            grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
            csv.write(f"{FER_CODES.index(label)},{' '.join(map(str, grey.ravel().tolist()))},{usages[row]}\n")
    return root


def write_sheet(root: Path, *, scale: float = 1.0, seed: int = 0, excel: bool = False) -> Path:
    """`SFEW.csv`: a name, a label 1 to 7 and 10 numbers a row, 5 cells empty; returns the data root.

    The numbers lean with the class by a third of their spread. `excel` writes `SFEW.xlsx` in place of the csv.
    """
    header, rows = sheet_rows(scale=scale, seed=seed)
    root.mkdir(parents=True, exist_ok=True)
    if excel:
        _write_excel(root / "SFEW.xlsx", [header, *rows])
        return root
    everything: list[Sequence[Cell]] = [header, *rows]
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in everything]
    (root / "SFEW.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def fer_usages(num_rows: int) -> list[str]:
    """The part of each row, in the order of FER-2013's csv and by its proportions."""
    ends = np.rint(np.cumsum(list(FER_USAGES.values())) * num_rows / sum(FER_USAGES.values()))
    return [list(FER_USAGES)[part] for part in np.searchsorted(ends, np.arange(num_rows), side="right")]


def sheet_rows(*, scale: float, seed: int) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows of the sheet, None for an empty cell."""
    generator = np.random.default_rng([seed, SHEET])
    spread_F = np.geomspace(4.0, 0.05, NUM_FEATURES)  # principal components come in falling order
    centre_CF = generator.normal(0, 0.33, (len(Emotion), NUM_FEATURES))
    samples = list(_numbered(_scaled(FRAME_COUNTS, scale)))
    values_NF = (centre_CF[[label for label, _ in samples]] + generator.normal(size=(len(samples), NUM_FEATURES))) * (
        spread_F
    )
    rows: list[list[Cell]] = [
        [_film_and_name(number, generator)[1], label + 1, *(round(value, 6) for value in values.tolist())]
        for (label, number), values in zip(samples, values_NF, strict=True)
    ]
    for row in generator.choice(len(rows), NUM_EMPTY_CELLS, replace=False):
        rows[row][2 + int(generator.integers(NUM_FEATURES))] = None
    names = [f"{kind}{number}" for kind in ("lpq", "phog") for number in range(1, 6)]
    return ["name", "label", *names], rows


def _numbered(counts: Sequence[int]) -> Iterator[tuple[Emotion, int]]:
    for emotion, count in zip(Emotion, counts, strict=True):
        yield from ((emotion, number) for number in range(count))


def _scaled(counts: Sequence[int], scale: float) -> list[int]:
    return [max(min(FEWEST, count), round(scale * count)) for count in counts]


def _film_and_name(number: int, generator: np.random.Generator) -> tuple[int, str]:
    """Films in turn, so that each class is in most of them: `SyntheticFilm07_004120360_00000012.png`."""
    film = number % NUM_FILMS
    time = number // NUM_FILMS * 10_000_000 + int(generator.integers(10_000_000))
    return film, f"SyntheticFilm{film:02d}_{time:09d}_{generator.integers(60):08d}.png"


def _backdrop(generator: np.random.Generator) -> Pixels:
    """A blurred room (H, W, 3) with a few things in it, in steps of 8, which PNG packs well."""
    height, width = FRAME_HW
    light = generator.uniform(40, 170, (4, 5)).astype(np.float32)
    room = cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    picture = (room * generator.uniform(0.8, 1.2, 3)).astype(np.float32)
    for _ in range(10):
        left, top = int(generator.integers(width)), int(generator.integers(height))
        corner = (left + int(generator.integers(20, 160)), top + int(generator.integers(20, 160)))
        colour = (generator.uniform(20, 200) * generator.uniform(0.8, 1.2, 3)).tolist()
        cv2.rectangle(picture, (left, top), corner, colour, -1)
    rounded: Pixels = (picture.clip(0, 255).astype(np.uint8) // 8) * 8
    return rounded


def _frame(emotion: Emotion, backdrop: Pixels, generator: np.random.Generator) -> Pixels:
    """The backdrop with a face of 150 to 260 pixels on it, its edge round."""
    side = int(generator.integers(150, 261))
    top, left = (int(generator.integers(length - side)) for length in FRAME_HW)
    face = draw_portrait(emotion, generator, side)
    mask = np.zeros((side, side), dtype=np.uint8)
    cv2.ellipse(mask, (side // 2, side // 2), (side // 2, side // 2), 0, 0, 360, 1, -1)
    frame = backdrop.copy()
    frame[top : top + side, left : left + side][mask == 1] = face[mask == 1]
    return frame


def _write_png(path: Path, image_HWC: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def _write_excel(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("SFEW")
    for row in rows:
        sheet.append(row)
    book.save(path)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Draw synthetic data in the shapes of the papers' data sets.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="so many samples for one of the real set's")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    write_papers(asked.folder, scale=asked.scale, seed=asked.seed)


if __name__ == "__main__":
    main()
