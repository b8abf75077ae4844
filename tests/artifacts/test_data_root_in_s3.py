"""A data root in S3, through the real client; what holds for every kind of address is in `data/test_mirror.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.buckets import open_bucket
from ferray.config.data_root import data_root_at
from ferray.config.trial import DatasetChoice
from ferray.data import mirror
from ferray.data.opened import open_dataset
from ferray.data.recent import look_again
from ferray.errors import DataError
from ferray.testing.fake_data import fake_image, write_image_folder, write_png

CHOICE = DatasetChoice.model_validate({"image_folder": {"path": "mine"}})


def contents(address: str, cache: Path) -> tuple[str, ...]:
    """The hash of each sample's file, looked at anew."""
    look_again()
    return open_dataset(CHOICE, data_root_at(address), cache).listing.contents


def test_a_data_set_in_s3_is_that_of_the_folder_and_follows_it(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path / "cache"))
    root = write_image_folder(tmp_path / "mine").parent
    client, place = open_bucket(f"{bucket}/data")
    client.put(f"{root / 'mine'}/", f"{place}/mine/", recursive=True)
    before = contents(f"{bucket}/data", tmp_path / "cache")
    look_again()
    assert before == open_dataset(CHOICE, root, tmp_path / "cache").listing.contents
    write_png(root / "mine/train/calm/000.png", fake_image(8, 0))
    client.put_file(str(root / "mine/train/calm/000.png"), f"{place}/mine/train/calm/000.png")
    after = contents(f"{bucket}/data", tmp_path / "cache")
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


def test_an_address_where_nothing_is_ends_with_a_sentence(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataError, match=f"`{bucket}/nowhere` cannot be read"):
        contents(f"{bucket}/nowhere", tmp_path / "cache")
    assert mirror.INDEX not in {path.name for path in tmp_path.rglob("*")}
