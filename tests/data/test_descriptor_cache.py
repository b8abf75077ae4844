from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.data.descriptor_cache import open_rows
from ferray.errors import DataError

Image = NDArray[np.uint8]
Row = NDArray[np.float32]


def images(count: int = 5) -> Image:
    return np.arange(count * 48, dtype=np.uint8).reshape(count, 4, 4, 3)


def means(images: Image) -> Row:
    return images.mean(axis=(1, 2)).astype(np.float32)


class Counted:
    """`means`, with a line in a file for each image described, in whichever process."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def __call__(self, images: Image) -> Row:
        with self.log.open("a") as file:
            file.write("x" * len(images))
        return means(images)

    @property
    def calls(self) -> int:
        return len(self.log.read_text())


def pack(cache: Path) -> Path:
    return cache / "packs" / "demo-0123"


def test_each_image_has_its_row(tmp_path: Path) -> None:
    rows = open_rows(images(), pack(tmp_path), "mean", means)
    assert np.array_equal(rows, images().mean(axis=(1, 2)).astype(np.float32))


def test_rows_lie_beside_the_packs(tmp_path: Path) -> None:
    open_rows(images(), pack(tmp_path), "mean", means)
    assert [path.name for path in (tmp_path / "features").iterdir()] == ["demo-0123-mean.npy"]


def test_rows_are_computed_once(tmp_path: Path) -> None:
    describe = Counted(tmp_path / "log")
    first = open_rows(images(), pack(tmp_path), "mean", describe)
    assert np.array_equal(open_rows(images(), pack(tmp_path), "mean", describe), first)
    assert describe.calls == 5


def test_kept_rows_are_mapped_and_cannot_be_written_to(tmp_path: Path) -> None:
    rows = open_rows(images(), pack(tmp_path), "mean", means)
    assert isinstance(rows, np.memmap)
    assert not rows.flags.writeable


def test_another_key_has_rows_of_its_own(tmp_path: Path) -> None:
    open_rows(images(), pack(tmp_path), "mean", means)
    other = open_rows(images(), pack(tmp_path), "sum", lambda stack: means(stack) * 16)
    assert np.array_equal(other[0], means(images())[0] * 16)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY torn", b"no rows at all"])
def test_damaged_rows_are_computed_again(damage: bytes, tmp_path: Path) -> None:
    rows = np.array(open_rows(images(), pack(tmp_path), "mean", means))
    (tmp_path / "features" / "demo-0123-mean.npy").write_bytes(damage)
    assert np.array_equal(open_rows(images(), pack(tmp_path), "mean", means), rows)


def test_rows_that_were_cut_short_are_computed_again(tmp_path: Path) -> None:
    rows = np.array(open_rows(images(), pack(tmp_path), "mean", means))
    path = tmp_path / "features" / "demo-0123-mean.npy"
    os.truncate(path, path.stat().st_size - 4)
    assert np.array_equal(open_rows(images(), pack(tmp_path), "mean", means), rows)


def test_rows_of_fewer_images_are_computed_again(tmp_path: Path) -> None:
    open_rows(images(3), pack(tmp_path), "mean", means)
    assert len(open_rows(images(5), pack(tmp_path), "mean", means)) == 5


def test_an_interrupted_description_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(_: Image) -> Row:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_rows(images(), pack(tmp_path), "mean", interrupted)
    assert list((tmp_path / "features").iterdir()) == []


def test_of_several_processes_one_describes(tmp_path: Path) -> None:
    describe = Counted(tmp_path / "log")
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=open_rows, args=(images(200), pack(tmp_path), "mean", describe)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert describe.calls == 200


def test_progress_ends_with_all_images(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    open_rows(images(5), pack(tmp_path), "mean", means, lambda done, total: told.append((done, total)))
    assert told == [(5, 5)]


def test_a_cache_that_takes_no_writing_is_named(tmp_path: Path) -> None:
    (tmp_path / "features").write_text("a file where the folder belongs")
    with pytest.raises(DataError, match="cannot be kept in"):
        open_rows(images(), pack(tmp_path), "mean", means)
