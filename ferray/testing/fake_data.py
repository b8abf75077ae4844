"""Tiny data sets in every layout users have, written into a folder of the test's own; their pixels give the class away.

Each writer returns the data root to pass on. Counts are a class and part unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.emotions import Emotion

# The order of the csv's codes, spelt out once more so that a slip in the loader's own list shows.
FER_CODES = (0, 1, 2, 3, 5, 6, 4)
FER_USAGES = ("Training", "PublicTest", "PrivateTest")


def fake_image(label: int, number: int, *, width: int = 48, height: int = 48) -> NDArray[np.uint8]:
    """(height, width, 3) uint8: a bright square whose place tells the label, in noise that differs by number."""
    generator = np.random.default_rng([label, number])
    image = generator.integers(0, 80, (height, width, 3), dtype=np.uint8)
    row, column = divmod(label % 9, 3)
    image[row * height // 3 : (row + 1) * height // 3, column * width // 3 : (column + 1) * width // 3] += 150
    return image


def write_fer2013_csv(
    root: Path, *, per_class: int = 4, header: str = "emotion,pixels,Usage", name: str = "fer2013.csv"
) -> Path:
    """`fer2013.csv` in the root: `per_class` rows a class and usage; `header` names the columns in the order wanted."""
    keys = [column.strip().lower() for column in header.split(",")]
    lines = [header]
    for usage_number, usage in enumerate(FER_USAGES):
        for number in range(per_class):
            for code, emotion in enumerate(map(Emotion, FER_CODES)):
                image = fake_image(emotion, usage_number * 1000 + number)[:, :, 0]
                cells = {"emotion": str(code), "pixels": " ".join(map(str, image.ravel())), "usage": usage}
                lines.append(",".join(cells[key] for key in keys))
    _write_text(root / name, "\n".join(lines) + "\n")
    return root


def write_fer2013_folders(root: Path, *, per_class: int = 4, usage_in_names: bool = True) -> Path:
    """`fer2013/train/<class>/` and `fer2013/test/<class>/`; with `usage_in_names` test holds twice `per_class`."""
    usages = FER_USAGES if usage_in_names else ("Training", "PrivateTest")
    for usage_number, usage in enumerate(usages):
        part = "train" if usage == "Training" else "test"
        for emotion in Emotion:
            for number in range(per_class):
                stem = f"{usage}_{number:08d}" if usage_in_names else f"im{number}"
                path = root / "fer2013" / part / emotion.name.lower() / f"{stem}.png"
                write_png(path, fake_image(emotion, usage_number * 1000 + number))
    return root


def write_sfew2(root: Path, *, per_class: int = 4, films: int = 3, labelled_test: bool = False) -> Path:
    """SFEW 2.0: `SFEW/Train/<Class>/` and `SFEW/Val/<Class>/`, and `SFEW/Test/` with or without class folders."""
    for part in ("Train", "Val", "Test"):
        for emotion in Emotion:
            for number in range(per_class):
                folder = root / "SFEW" / part
                if part != "Test" or labelled_test:
                    folder = folder / emotion.title
                name = film_name(f"{part}Film{number % films}", emotion * 100 + number)
                write_png(folder / name, fake_image(emotion, number, width=143, height=181))
    return root


def write_sfew675(root: Path, *, per_class: int = 6, films: int = 3) -> Path:
    """The older layout, one folder a class: `SFEW/<Class>/Movie_time_person.png`, frames in the shape of 720x576."""
    for emotion in Emotion:
        for number in range(per_class):
            name = film_name(f"Film{number % films}", emotion * 100 + number)
            write_png(root / "SFEW" / emotion.title / name, fake_image(emotion, number, width=72, height=58))
    return root


def write_sfew_faces(root: Path, *, kind: str = "center", per_class: int = 6, films: int = 3) -> Path:
    """What `ferray data prepare sfew` leaves of the older layout, squares of 48 pixels in `sfew_faces_<kind>/`."""
    folder = root / f"sfew_faces_{kind}"
    for emotion in Emotion:
        for number in range(per_class):
            name = film_name(f"Film{number % films}", emotion * 100 + number)
            write_png(folder / emotion.title / name, fake_image(emotion, number))
    _write_text(folder / "report.json", "{}\n")
    return root


def write_image_folder(
    root: Path,
    *,
    classes: Sequence[str] = ("calm", "cross", "glad"),
    splits: Iterable[str] = ("train", "val", "test"),
    per_class: int = 4,
) -> Path:
    """`<split>/<class>/` in the root itself; no splits gives one level of classes."""
    for split_number, split in enumerate(tuple(splits) or ("",)):
        for label, class_name in enumerate(classes):
            for number in range(per_class):
                image = fake_image(label, split_number * 1000 + number)
                write_png(root / split / class_name / f"{number:03d}.png", image)
    return root


def sheet_rows(*, per_class: int = 6, films: int = 3) -> list[list[object]]:
    """Rows of SFEW's course sheet: file name, label 1 to 7, ten numbers that differ by label."""
    generator = np.random.default_rng(0)
    rows: list[list[object]] = []
    for emotion in Emotion:
        for number in range(per_class):
            numbers = generator.standard_normal(10) + np.roll(np.arange(10.0), emotion)
            name = film_name(f"Film{number % films}", emotion * 100 + number)
            rows.append([name, emotion + 1, *numbers.round(4).tolist()])
    return rows


def write_sheet_csv(root: Path, rows: Sequence[Sequence[object]] | None = None, *, name: str = "SFEW.csv") -> Path:
    """`SFEW.csv` in the root, with a line of headings; None is an empty cell."""
    heading = ["image name", "label", *(f"component {number}" for number in range(10))]
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in [heading, *(rows or sheet_rows())]]
    _write_text(root / name, "\n".join(lines) + "\n")
    return root


def write_sheet_xlsx(root: Path, rows: Sequence[Sequence[object]] | None = None) -> Path:
    """`SFEW.xlsx` in the root, without headings."""
    import openpyxl

    root.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    for row in rows or sheet_rows():
        book.active.append(list(row))
    book.save(root / "SFEW.xlsx")
    return root


def film_name(film: str, time: int) -> str:
    """A file name as SFEW has them."""
    return f"{film}_{time:09d}_{time % 7:08d}.png"


def write_png(path: Path, image_HWC: NDArray[np.uint8]) -> None:
    """Write one RGB picture, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = cv2.imencode(".png", cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR))[1]
    path.write_bytes(encoded.tobytes())


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
