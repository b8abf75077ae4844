"""Tiny copies of how published sets lie on disk, each below a data root; their pixels give the class away.

Each writer returns the data root to pass on. Counts are a class and part unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ferray.emotions import Emotion
from ferray.testing.fake_data import fake_image, write_png

# Numbers from 1 on as RAF-DB's list has them, spelt out once more so that a slip in the loader's own list shows.
RAF_NUMBERS = {
    Emotion.SURPRISE: "1",
    Emotion.FEAR: "2",
    Emotion.DISGUST: "3",
    Emotion.HAPPY: "4",
    Emotion.SAD: "5",
    Emotion.ANGRY: "6",
    Emotion.NEUTRAL: "7",
}


def write_csv(
    root: Path,
    *,
    per_class: int = 4,
    label_of: Callable[[Emotion], str] = RAF_NUMBERS.__getitem__,
    parts: Sequence[str] = ("train", "val", "test"),
) -> Path:
    """`labels.csv` with path, label, split and subject, and the pictures in `pictures/`."""
    rows = ["path,label,split,subject"]
    for part in parts:
        for emotion in Emotion:
            for number in range(per_class):
                name = f"pictures/{part}_{emotion}_{number}.png"
                write_png(root / name, fake_image(emotion, number + 1000 * parts.index(part), width=24, height=24))
                rows.append(f"{name},{label_of(emotion)},{part},p{number}")
    return write_rows(root / "labels.csv", rows)


def write_rows(path: Path, rows: Iterable[str]) -> Path:
    """A text file of these lines; its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path.parent
