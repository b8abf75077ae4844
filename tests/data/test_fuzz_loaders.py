"""Whatever lies in a data folder, loading it ends well or in a FerrayError, and writes nothing but into the cache."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from ferray.config.trial import DatasetChoice
from ferray.data.images import read_original, resize
from ferray.data.judging import judging
from ferray.data.pack import open_splits
from ferray.data.samples import PackedSamples
from ferray.errors import FerrayError
from ferray.testing.fake_data import FER_CODES, FER_USAGES
from ferray.testing.fuzz import FUZZ, damaged, listing_of

CSV = "emotion,pixels,Usage\n" + "".join(
    f"{code},{code} 20 30 {number},{usage}\n" for usage in FER_USAGES for code in FER_CODES for number in range(2)
)
CELLS = (
    b",",
    b"\n",
    b"\r",
    b'"',
    b"\0",
    b"\xff",
    b" ",
    b"256",
    b"-1",
    b"1e2",
    b"\xc2\xb2",
    b"7",
    b"999999999999",
    b"1_0",
)


@cache
def pictures() -> tuple[bytes, ...]:
    """One small picture, saved in every format, depth and colour model."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 10, 4), dtype=np.uint8)
    rgba = Image.fromarray(noise)
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(noise[..., :2].copy().view(np.uint16)[..., 0])
    saved = [(rgba.convert("RGB"), kind) for kind in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")]
    saved += [(rgba, "PNG"), (rgba, "WEBP"), (deep, "PNG"), (deep, "TIFF"), (rgba.convert("P"), "PNG")]
    saved += [(rgba.convert("LA"), "PNG"), (rgba.convert("CMYK"), "JPEG"), (rgba.convert("1"), "PNG")]
    return tuple(_saved(image, kind, exif) for image, kind in saved)


def _saved(image: Image.Image, kind: str, exif: Image.Exif) -> bytes:
    out = io.BytesIO()
    image.save(out, format=kind, **({"exif": exif} if kind in ("PNG", "JPEG", "WEBP", "TIFF") else {}))
    return out.getvalue()


def load(folder: Path, dataset: str, policy: str) -> None:
    """Open `folder/data`; only FerrayErrors may end it, and only `folder/cache` may have changed."""
    before = listing_of(folder / "data")
    choice = DatasetChoice.model_validate({dataset: {"bad_samples": policy}})
    places = {"data_root": folder / "data", "cache_dir": folder / "cache"}
    with suppress(FerrayError):
        splits = open_splits(choice, size=4, limit_per_class=None, **places)
        with judging(lambda: None):
            for split in (splits.train, splits.val, splits.test.unsealed()):
                check(split)
    assert listing_of(folder / "data") == before
    assert {path.name for path in folder.iterdir()} <= {"data", "cache"}


def check(split: PackedSamples) -> None:
    images = split.images_of(np.arange(len(split)))
    assert images.shape == (len(split), 4, 4, 3)
    assert images.dtype == np.uint8
    assert set(split.labels.tolist()) <= set(range(len(split.classes)))


POLICIES = st.sampled_from(["refuse", "skip"])


@FUZZ
@given(content=st.binary(max_size=300) | damaged([CSV.encode()], CELLS), policy=POLICIES)
@example(content=b"emotion,pixels\n\xc2\xb2,1 2 3 4\n", policy="skip")
@example(content=b"emotion,pixels\n" + b"1" * 5000 + b",1 2 3 4\n", policy="skip")
def test_no_csv_raises_anything_but_a_ferray_error(content: bytes, policy: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "data").mkdir()
        (Path(name) / "data" / "fer2013.csv").write_bytes(content)
        load(Path(name), "fer2013", policy)


@FUZZ
@given(content=st.binary(max_size=200) | st.deferred(lambda: damaged(pictures())))
def test_no_picture_raises_anything_but_a_ferray_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.png"
        path.write_bytes(content)
        with suppress(FerrayError):
            image = resize(read_original(path), 8)
            assert (image.shape, image.dtype) == ((8, 8, 3), np.uint8)


USUAL_NAMES = (
    "train",
    "Train",
    "val",
    "TEST",
    "angry",
    "Happy",
    "happy",
    "SFEW",
    "fer2013",
    "fer2013.csv",
    "x.png",
    "y.JPG",
)
NAMES = st.sampled_from([name.encode() for name in USUAL_NAMES]) | st.binary(min_size=1, max_size=30).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)
CONTENTS = st.binary(max_size=40) | st.deferred(lambda: st.sampled_from(pictures()) | damaged(pictures()))
THINGS = st.tuples(st.sampled_from(["file", "file", "file", "folder", "link", "pipe"]), CONTENTS)
TREES = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=4), THINGS), max_size=6)


def plant(folder: Path, parts: list[bytes], kind: str, content: bytes) -> None:
    """Put a thing into the tree; not where something else lies in the way."""
    path = folder.joinpath(*map(os.fsdecode, parts))
    target = os.fsdecode(content[:9].replace(b"\0", b"")) or "."
    acts: dict[str, Callable[[], object]] = {
        "file": lambda: path.write_bytes(content) if not os.path.lexists(path) else None,
        "folder": path.mkdir,
        "link": lambda: path.symlink_to(target),
        "pipe": lambda: os.mkfifo(path),
    }
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        acts[kind]()


def plant_valid(folder: Path, dataset: str) -> None:
    """A small tree that the data set reads."""
    top = {"sfew": "SFEW", "fer2013": "fer2013", "image_folder": "."}[dataset]
    names = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    for part in ("train", "val", "test"):
        for number, name in enumerate(names if dataset != "image_folder" else names[:2]):
            path = folder / top / part / name / f"Film{part}_{number:09d}_00000001.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pictures()[0])


@FUZZ
@given(
    tree=TREES,
    dataset=st.sampled_from(["image_folder", "sfew", "fer2013"]),
    policy=POLICIES,
    upon_valid=st.booleans(),
)
def test_no_folder_raises_anything_but_a_ferray_error(
    tree: list[tuple[list[bytes], tuple[str, bytes]]], dataset: str, policy: str, upon_valid: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        data.mkdir()
        if upon_valid:
            plant_valid(data, dataset)
        for parts, (kind, content) in tree:
            plant(data, parts, kind, content)
        load(Path(name), dataset, policy)


def test_the_tree_that_is_damaged_is_valid_to_begin_with(tmp_path: Path) -> None:
    for dataset in ("sfew", "fer2013", "image_folder"):
        plant_valid(tmp_path / dataset, dataset)
        choice: Any = DatasetChoice.model_validate(dataset)
        opened = open_splits(
            choice, size=4, limit_per_class=None, data_root=tmp_path / dataset, cache_dir=tmp_path / "cache"
        )
        check(opened.train)


def test_the_csv_that_is_damaged_is_valid_to_begin_with(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text(CSV)
    opened = open_splits(
        DatasetChoice.model_validate("fer2013"), size=4, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path
    )
    assert (len(opened.train), len(opened.val), len(opened.test)) == (14, 14, 14)
