"""Whatever a table, a list or an archive holds, reading it ends well or in a FerrayError, and writes nothing."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferray.errors import FerrayError
from ferray.registry import ROOMS
from ferray.testing import fake_archives, fake_sets
from ferray.testing.datasets import Layout
from ferray.testing.fuzz import FUZZ, damaged, listing_of

FEWER = settings(FUZZ, max_examples=max(20, FUZZ.max_examples // 10))
FRAGMENTS = (
    b",",
    b"\n",
    b"\r",
    b'"',
    b"\0",
    b"\xff",
    b" ",
    b"-1",
    b"1e999",
    b"nan",
    b"../",
    b"/",
    b"7",
    b"{",
    b"[" * 2000,
)
# A set, what writes it, and the file of it that is damaged.
TARGETS = {
    "csv": (Layout("csv", "", fake_sets.write_csv, {"label_order": "rafdb"}), "labels.csv"),
    "rafdb": (Layout("rafdb", "", fake_sets.write_rafdb), "basic/EmoLabel/list_patition_label.txt"),
    "expw": (Layout("expw", "", fake_sets.write_expw), "label/label.lst"),
    "affectnet": (Layout("affectnet", "", fake_sets.write_affectnet), "AffectNet/training.csv"),
    "ckplus": (
        Layout("ckplus", "", fake_sets.write_ck_sequences),
        "CK+/Emotion/S000/001/S000_001_00000005_emotion.txt",
    ),
    "parquet": (Layout("parquet", "", fake_archives.write_parquet), "data/train-00000-of-00001.parquet"),
    "arrow": (Layout("parquet", "", fake_archives.write_arrow), "train/data-00000-of-00001.arrow"),
    "webdataset": (Layout("webdataset", "", fake_archives.write_shards), "train-000000.tar"),
}


@cache
def written(target: str) -> tuple[Path, bytes]:
    """The set in a folder that lives as long as the tests, and the content of the file that is damaged."""
    layout, file = TARGETS[target]
    folder = layout.write(Path(_FOLDER.name) / target)
    return folder, (folder / file).read_bytes()


_FOLDER = tempfile.TemporaryDirectory(prefix="ferray-fuzz-")


def read_all(layout: Layout, root: Path) -> int:
    """How many samples there are; the first few are decoded."""
    dataset = layout.open(root)
    listing = dataset.listing
    for sample in listing.samples[:2]:
        dataset.decode(sample, 8)
    return len(listing)


@pytest.mark.parametrize("target", TARGETS)
@FEWER
@given(draws=st.data())
def test_no_table_raises_anything_but_a_ferray_error(target: str, draws: st.DataObject) -> None:
    layout, file = TARGETS[target]
    root, whole = written(target)
    content = draws.draw(st.binary(max_size=200) | damaged([whole], FRAGMENTS))
    (root / file).unlink()  # as the former content may be mapped
    (root / file).write_bytes(content)
    before = listing_of(root)
    with suppress(FerrayError):
        read_all(layout, root)
    assert listing_of(root) == before


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_damaged_is_valid_to_begin_with(target: str, tmp_path: Path) -> None:
    layout, _ = TARGETS[target]
    assert read_all(layout, layout.write(tmp_path)) > 0
    assert layout.dataset in ROOMS["dataset"].names()
