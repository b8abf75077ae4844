from __future__ import annotations

import hashlib
import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.pack_file import read_pack, write_pack
from ferray.data.samples import Sample, SampleList
from ferray.errors import DataError

NUM = 300  # more than one batch of the writer


class Numbered(Dataset):
    """Sample n is a picture of the number n modulo 251."""

    class Params(DatasetParams):
        pass

    def samples(self) -> SampleList:
        return SampleList(tuple(Sample(n, f"{n}", n % 2, "train", f"{n}") for n in range(NUM)), ("even", "odd"))

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return np.full((size, size, 3), sample.sample_id % 251, dtype=np.uint8)

    def fingerprint(self) -> str:
        return "numbers"


class BrokenAtTheEnd(Numbered):
    """The last image cannot be decoded."""

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        if sample.sample_id == NUM - 1:
            raise DataError("image `299` cannot be decoded")
        return super().decode(sample, size)


class OvertakenWhileDecoding(Numbered):
    """Another packer finishes the same pack in the middle of this one's work."""

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        if sample.sample_id == 100:
            write_pack(self.root, numbered(), size=size)
        return super().decode(sample, size)


class Voted(Numbered):
    """One annotator of four says otherwise of every third sample."""

    def samples(self) -> SampleList:
        listing = super().samples()
        votes = [
            None if n % 3 else ((0.75, 0.25) if sample.label == 0 else (0.25, 0.75))
            for n, sample in enumerate(listing.samples)
        ]
        samples = tuple(replace(sample, votes=of_it) for sample, of_it in zip(listing.samples, votes, strict=True))
        return replace(listing, samples=samples)


def numbered(root: Path = Path()) -> Numbered:
    return Numbered(DatasetParams(), root)


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file of this process may pass 20 kB, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_rows_lie_in_the_order_of_the_samples(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", numbered(), size=4)
    assert pack.images[:, 0, 0, 0].tolist() == [n % 251 for n in range(NUM)]


def test_samples_come_back_as_they_were(tmp_path: Path) -> None:
    assert write_pack(tmp_path / "pack", numbered(), size=4).samples == numbered().samples()


def test_words_that_samples_share_are_kept_once(tmp_path: Path) -> None:
    first, second, *_ = write_pack(tmp_path / "pack", numbered(), size=4).samples.samples
    assert first.part is second.part
    assert first.name is first.source


def test_votes_come_back_as_they_were(tmp_path: Path) -> None:
    voted = Voted(DatasetParams(), tmp_path)
    assert write_pack(tmp_path / "pack", voted, size=4).samples == voted.samples()


def test_a_pack_without_votes_says_nothing_of_them(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    assert b"votes" not in (tmp_path / "pack" / "samples.json").read_bytes()


def test_images_are_mapped_read_only(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", numbered(), size=4)
    with pytest.raises(ValueError, match="read-only"):
        pack.images[0] = 0


def test_progress_ends_with_everything(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_pack(tmp_path / "pack", numbered(), size=4, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(256, 300), (300, 300)]


def test_nothing_is_left_beside_the_pack(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    assert os.listdir(tmp_path) == ["pack"]  # noqa: PTH208


def test_no_pack_reads_as_none(tmp_path: Path) -> None:
    assert read_pack(tmp_path / "pack") is None


def test_truncated_images_read_as_none(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    os.truncate(tmp_path / "pack" / "images.npy", 5000)
    assert read_pack(tmp_path / "pack") is None


def test_changed_samples_read_as_none(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    listing = tmp_path / "pack" / "samples.json"
    listing.write_text(listing.read_text().replace("even", "evil"))
    assert read_pack(tmp_path / "pack") is None


@pytest.mark.parametrize("damage", ["", "{", "{}", "[]", '{"format": 1}'])
def test_a_damaged_manifest_reads_as_none(tmp_path: Path, damage: str) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    (tmp_path / "pack" / "manifest.json").write_text(damage)
    assert read_pack(tmp_path / "pack") is None


def test_a_pack_of_another_shape_reads_as_none(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    manifest = tmp_path / "pack" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"shape": [150, 4, 8, 3]}))
    assert read_pack(tmp_path / "pack") is None


def test_a_damaged_pack_is_made_anew(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", numbered(), size=4)
    os.truncate(tmp_path / "pack" / "images.npy", 5000)
    assert len(write_pack(tmp_path / "pack", numbered(), size=4).images) == NUM


def test_the_manifest_knows_the_hash_of_the_images(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack", numbered(), size=4).folder
    known = json.loads((folder / "manifest.json").read_text())["images_sha256"]
    assert hashlib.sha256((folder / "images.npy").read_bytes()).hexdigest() == known


def test_an_image_that_cannot_be_decoded_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="image `299` cannot be decoded"):
        write_pack(tmp_path / "pack", BrokenAtTheEnd(DatasetParams(), Path()), size=4)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_is_told_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"images cannot be packed into `{tmp_path}`") as caught:
        write_pack(tmp_path / "pack", numbered(), size=8)
    assert "FERRAY_CACHE" in caught.value.hint


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        write_pack(tmp_path / "pack", numbered(), size=8)
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(DataError, match="images cannot be packed into"):
        write_pack(tmp_path / "cache" / "pack", numbered(), size=4)


def test_the_first_of_two_packers_wins(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", OvertakenWhileDecoding(DatasetParams(), tmp_path / "pack"), size=4)
    assert len(pack.images) == NUM
    assert os.listdir(tmp_path) == ["pack"]  # noqa: PTH208


def test_what_a_killed_packer_left_days_ago_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".pack.abc"
    left.mkdir()
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    write_pack(tmp_path / "pack", numbered(), size=4)
    assert not left.exists()


def test_what_another_packer_is_writing_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".pack.abc").mkdir()
    write_pack(tmp_path / "pack", numbered(), size=4)
    assert (tmp_path / ".pack.abc").exists()
