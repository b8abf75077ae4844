"""Tiny copies of how published sets lie on disk, each below a data root; their pixels give the class away.

Each writer returns the data root to pass on. Counts are a class and part unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.emotions import Emotion
from ferray.testing.fake_data import FER_CODES, FER_USAGES, fake_image, write_fer2013_csv, write_png

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


def write_rafdb(root: Path, *, per_class: int = 4, faces: str = "aligned", compound: bool = False) -> Path:
    """`basic/EmoLabel/list_patition_label.txt` with the pictures in `basic/Image/<faces>/`; no val part."""
    lines = []
    for part in ("train", "test"):
        for emotion in Emotion:
            for number in range(per_class):
                stem = f"{part}_{emotion}{number:04d}"
                name = f"{stem}_aligned.jpg" if faces == "aligned" else f"{stem}.jpg"
                image = fake_image(emotion, number + 1000 * (part == "test"), width=20, height=20)
                write_image(root / "basic" / "Image" / faces / name, image)
                lines.append(f"{stem}.jpg {RAF_NUMBERS[emotion]}")
    write_rows(root / "basic" / "EmoLabel" / "list_patition_label.txt", lines)
    if compound:
        write_rows(root / "compound" / "EmoLabel" / "list_patition_label.txt", ["train_0001.jpg 8"])
    return root


def write_rafdb_folders(root: Path, *, per_class: int = 4) -> Path:
    """`RAF-DB/DATASET/train/<1 to 7>/` and `test/`, as a public copy has the aligned faces."""
    for part in ("train", "test"):
        for emotion, number in RAF_NUMBERS.items():
            for count in range(per_class):
                image = fake_image(emotion, count + 1000 * (part == "test"), width=20, height=20)
                name = f"{part}_{emotion}{count:04d}_aligned.jpg"
                write_image(root / "RAF-DB" / "DATASET" / part / number / name, image)
    return root


JAFFE_LETTERS = ("AN", "DI", "FE", "HA", "NE", "SA", "SU")
CK_NUMBERS = ("1", "3", "4", "5", "0", "6", "7")  # in ferray's order; 2 is contempt


def write_jaffe(root: Path, *, people: Sequence[str] = ("KA", "KL", "YM"), per_class: int = 2) -> Path:
    """`jaffe/KA.AN1.39.tiff` and so on: so many pictures of each person and expression."""
    for label, letters in enumerate(JAFFE_LETTERS):
        for person in people:
            for number in range(per_class):
                name = f"{person}.{letters}{number + 1}.{100 * label + number}.tiff"
                image = fake_image(label, number + 10 * people.index(person), width=20, height=20)
                write_image(root / "jaffe" / name, image)
    return root


def write_ck48(root: Path, *, per_class: int = 4) -> Path:
    """`CK+48/<class>/S010_004_00000017.png`: six expressions and contempt, no neutral face."""
    for label, name in enumerate(("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")):
        for number in range(per_class):
            file = f"S{number:03d}_{label:03d}_{number + 17:08d}.png"
            write_png(root / "CK+48" / name / file, fake_image(label, number))
    return root


def write_ck_sequences(root: Path, *, people: int = 3, frames: int = 5) -> Path:
    """`CK+/cohn-kanade-images/S000/001/` and `CK+/Emotion/`: sequences of which the last has no label."""
    for person in range(people):
        for take, number in enumerate([*CK_NUMBERS[:4], *CK_NUMBERS[5:], "2", ""]):
            place = f"S{person:03d}/{take:03d}"
            for frame in range(1, frames + 1):
                name = f"S{person:03d}_{take:03d}_{frame:08d}.png"
                image = fake_image(take, frame + 10 * person, width=32, height=24)
                write_png(root / "CK+" / "cohn-kanade-images" / place / name, image)
            if number:
                text = f"S{person:03d}_{take:03d}_{frames:08d}_emotion.txt"
                write_rows(root / "CK+" / "Emotion" / place / text, [f"   {float(number):.7e}"])
    return root


def write_image(path: Path, image_HWC: NDArray[np.uint8]) -> None:
    """Write one RGB picture in the format of its suffix, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = cv2.imencode(path.suffix, cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR))[1]
    path.write_bytes(encoded.tobytes())


# FER+'s columns of votes, spelt out once more so that a slip in the loader's own list shows.
FERPLUS_COLUMNS = {
    Emotion.NEUTRAL: 0,
    Emotion.HAPPY: 1,
    Emotion.SURPRISE: 2,
    Emotion.SAD: 3,
    Emotion.ANGRY: 4,
    Emotion.DISGUST: 5,
    Emotion.FEAR: 6,
}
FERPLUS_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def ferplus_votes(leader: int, *, second: int, by: int = 7) -> str:
    """Ten votes in FER+'s columns, `by` of them for one column and the rest for another."""
    votes = [0] * 10
    votes[leader], votes[second] = by, 10 - by
    return ",".join(map(str, votes))


def write_ferplus_csv(root: Path, *, per_class: int = 4, header: str = FERPLUS_HEADER) -> Path:
    """`fer2013.csv` and `fer2013new.csv`: seven votes for FER-2013's expression, three for the column after it.

    The last picture of each class and part is of contempt by its votes, where there are several.
    """
    write_fer2013_csv(root, per_class=per_class)
    rows, names = [header], iter(range(10**6))
    for usage in FER_USAGES:
        for number in range(per_class):
            is_contempt = number == per_class - 1 > 0
            for emotion in map(Emotion, FER_CODES):
                column = FERPLUS_COLUMNS[emotion]
                votes = ferplus_votes(7 if is_contempt else column, second=(column + 1) % 7)
                rows.append(f"{usage},fer{next(names):07d}.png,{votes}")
    write_rows(root / "fer2013new.csv", rows)
    return root


def write_ferplus_folders(root: Path, *, per_class: int = 3) -> Path:
    """`ferplus/data/FER2013Train/` and the two beside it, as FER+'s script writes them, each with its `label.csv`."""
    for part in ("Train", "Valid", "Test"):
        rows = []
        for emotion, column in FERPLUS_COLUMNS.items():
            for number in range(per_class):
                name = f"fer{emotion}{number:06d}.png"
                image = fake_image(emotion, number + 1000 * ("Train", "Valid", "Test").index(part))
                write_png(root / "ferplus" / "data" / f"FER2013{part}" / name, image)
                rows.append(f'{name},"(0, 0, 48, 48)",{ferplus_votes(column, second=(column + 1) % 7)}')
        write_rows(root / "ferplus" / "data" / f"FER2013{part}" / "label.csv", rows)
    return root


FER_NUMBERS = ("0", "1", "2", "3", "6", "4", "5")  # in ferray's order
AFFECT_NUMBERS = ("6", "5", "4", "1", "0", "2", "3")
AFFECT_HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"


def write_expw(root: Path, *, per_class: int = 3) -> Path:
    """`label/label.lst` and `image/origin/`: a picture a number, whose seven faces stand side by side."""
    lines = []
    for number in range(per_class):
        faces = [fake_image(emotion, number, width=20, height=20) for emotion in Emotion]
        write_image(root / "image" / "origin" / f"web_{number}.png", np.concatenate(faces, axis=1))
        for emotion in Emotion:
            box = f"0 {20 * emotion} {20 * emotion + 20} 20"
            lines.append(f"web_{number}.png {emotion:d} {box} 64.5 {FER_NUMBERS[emotion]}")
    write_rows(root / "label" / "label.lst", lines)
    return root


def write_affectnet(root: Path, *, per_class: int = 3, header: bool = True) -> Path:
    """`training.csv`, `validation.csv` and `Manually_Annotated_Images/7/`: seven classes, contempt and no face."""
    for part in ("training", "validation"):
        rows = [AFFECT_HEADER] if header else []
        for label, number in enumerate([*AFFECT_NUMBERS, "7", "10"]):
            for count in range(per_class):
                name = f"7/{part}_{label}_{count}.png"
                image = fake_image(label, count + 1000 * (part == "validation"), width=30, height=30)
                write_image(root / "AffectNet" / "Manually_Annotated_Images" / name, np.pad(image, ((5,), (5,), (0,))))
                rows.append(f"{name},5,5,30,30,1.5;2.5;3,{number},0.1,-0.2")
        write_rows(root / "AffectNet" / f"{part}.csv", rows)
    return root


def write_affectnet_folders(root: Path, *, per_class: int = 3) -> Path:
    """`AffectNet/train/<0 to 7>/` and `AffectNet/val/`, eight classes."""
    for part in ("train", "val"):
        for label, number in enumerate([*AFFECT_NUMBERS, "7"]):
            for count in range(per_class):
                image = fake_image(label, count + 1000 * (part == "val"), width=20, height=20)
                write_image(root / "AffectNet" / part / number / f"{count}.png", image)
    return root
