"""Data sets at an address, of a kind that lies in this process's memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from ferray.config.data_root import data_root_at
from ferray.config.trial import DatasetChoice
from ferray.data import mirror
from ferray.data.opened import open_dataset
from ferray.data.pack import ensure_data, open_splits
from ferray.data.recent import look_again
from ferray.data.summary import summarise
from ferray.errors import DataError, StorageError
from ferray.testing.datasets import LAYOUTS, Layout
from ferray.testing.fake_data import write_fer2013_csv, write_image_folder, write_sfew2, write_sheet_csv
from ferray.testing.fake_sets import write_rafdb

ADDRESS = "memory://bucket/data"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client of an empty bucket, and a cache of this test's own."""
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path / "cache"))
    client = fsspec.filesystem("memory")
    yield client
    client.store.clear()
    client.pseudo_dirs[:] = [""]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are brought, in their order."""
    paths: list[str] = []
    brings = mirror._bring

    def bring(client: Any, place: tuple[str, str], folder: Path, path: str) -> str:
        paths.append(path)
        return brings(client, place, folder, path)

    monkeypatch.setattr(mirror, "_bring", bring)
    return paths


def put(client: Any, folder: Path, below: str = "") -> None:
    client.put(f"{folder}/", f"{ADDRESS}/{below}", recursive=True)


def listed(name: str, tmp_path: Path, **params: Any) -> tuple[str, ...]:
    """The names of a data set's samples, looked at anew."""
    look_again()
    choice = DatasetChoice.model_validate({name: params})
    return tuple(s.name for s in open_dataset(choice, data_root_at(ADDRESS), tmp_path / "cache").listing.samples)


def test_a_data_set_at_an_address_is_the_same_as_in_a_folder(bucket: Any, tmp_path: Path) -> None:
    folder = write_image_folder(tmp_path / "data")
    put(bucket, folder)
    choice = DatasetChoice.model_validate("image_folder")
    there = open_splits(choice, size=24, limit_per_class=None, data_root=folder, cache_dir=tmp_path / "a")
    here = open_splits(choice, size=24, limit_per_class=None, data_root=data_root_at(ADDRESS), cache_dir=tmp_path / "b")
    assert here.folder is not None
    assert there.folder is not None
    assert here.folder.name == there.folder.name  # a hash of all files' contents


def test_what_is_here_already_is_not_brought_again(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    listed("image_folder", tmp_path)
    read.clear()
    assert len(listed("image_folder", tmp_path)) == 36
    assert read == []


def test_what_has_changed_is_brought_again(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    listed("image_folder", tmp_path)
    read.clear()
    bucket.pipe_file(f"{ADDRESS}/train/calm/000.png", b"longer or shorter, and no picture")
    listed("image_folder", tmp_path)
    assert read == ["train/calm/000.png"]


def test_what_is_gone_there_is_gone_here(bucket: Any, tmp_path: Path) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    listed("image_folder", tmp_path)
    bucket.rm(f"{ADDRESS}/train/calm/000.png")
    bucket.rm(f"{ADDRESS}/test", recursive=True)
    assert len(listed("image_folder", tmp_path)) == 36 - 1 - 12


def test_another_data_set_there_is_neither_brought_nor_forgotten(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    put(bucket, write_sfew2(tmp_path / "sfew"), "SFEW")
    put(bucket, write_fer2013_csv(tmp_path / "fer"), "fer2013")
    listed("sfew", tmp_path)
    assert not any("fer2013" in path for path in read)
    read.clear()
    listed("fer2013", tmp_path)
    listed("sfew", tmp_path)
    assert all("fer2013" in path for path in read)


def test_a_sheet_is_brought_without_the_pictures_beside_it(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    put(bucket, write_sfew2(tmp_path / "sfew"), "SFEW")
    put(bucket, write_sheet_csv(tmp_path / "sheet"), "SFEW")
    assert listed("sfew_features", tmp_path, split="random")
    assert read == ["SFEW/SFEW.csv"]


def test_archives_and_hidden_files_stay_where_they_are(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    bucket.pipe_file(f"{ADDRESS}/data.zip", b"large")
    bucket.pipe_file(f"{ADDRESS}/train/.DS_Store", b"of a desktop")
    listed("image_folder", tmp_path)
    assert len(read) == 36


def test_a_csv_of_groups_is_brought_too(bucket: Any, tmp_path: Path) -> None:
    put(bucket, write_image_folder(tmp_path / "data", splits=()), "faces")
    names = listed("image_folder", tmp_path, path="faces")
    rows = [f"{name},person {number % 5}" for number, name in enumerate(names)]
    bucket.pipe_file(f"{ADDRESS}/lists/people.csv", "\n".join(["file,group", *rows]).encode())
    params = {"path": "faces", "split": "kfold_by_group", "folds": 2, "groups": "lists/people.csv"}
    ensure_data(DatasetChoice.model_validate({"image_folder": params}), data_root_at(ADDRESS), tmp_path / "cache")


@pytest.mark.usefixtures("bucket")
def test_a_set_that_is_drawn_asks_no_address(tmp_path: Path) -> None:
    assert len(listed("demo", tmp_path, num_train=7, num_val=7, num_test=7)) == 21


@pytest.mark.parametrize("path", ["../outside.png", "train/../../outside.png", "train//double.png", "a\0b.png"])
def test_no_name_at_an_address_leads_out_of_the_mirror(path: str) -> None:
    assert not mirror._is_plain(path)


def test_progress_counts_the_files_that_are_brought(bucket: Any, tmp_path: Path) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    told: list[tuple[int, int]] = []
    choice = DatasetChoice.model_validate("image_folder")
    ensure_data(choice, data_root_at(ADDRESS), tmp_path / "cache", lambda done, total: told.append((done, total)))
    assert told == [(number, 36) for number in range(1, 37)]


def test_who_looks_at_no_address_reads_what_was_brought(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    listed("image_folder", tmp_path)
    bucket.rm(ADDRESS, recursive=True)
    monkeypatch.setattr(mirror, "_taken_as_it_is", [])
    mirror.take_mirrors_as_they_are()
    assert len(listed("image_folder", tmp_path)) == 36


def test_the_line_of_a_data_set_names_its_address(bucket: Any, tmp_path: Path) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    choice, places = DatasetChoice.model_validate("image_folder"), (data_root_at(ADDRESS), tmp_path / "cache")
    splits = open_splits(choice, size=24, limit_per_class=None, data_root=places[0], cache_dir=places[1])
    summary = summarise(choice, splits, limit_per_class=None, data_root=places[0], cache_dir=places[1])
    assert summary.line().startswith(f"`image_folder` in `{ADDRESS}`: 3 classes")


@pytest.mark.usefixtures("bucket")
def test_an_empty_address_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"`{ADDRESS}` cannot be read"):
        listed("image_folder", tmp_path)


def test_a_data_set_that_is_not_there_is_said_with_the_address(bucket: Any, tmp_path: Path) -> None:
    bucket.pipe_file(f"{ADDRESS}/SFEW/readme.txt", b"no pictures")
    with pytest.raises(DataError, match=f"dataset `sfew` is not under `{ADDRESS}`"):
        listed("sfew", tmp_path)


def test_what_cannot_be_brought_names_its_address(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Access Denied")

    monkeypatch.setattr(bucket, "open", refuse)
    with pytest.raises(DataError, match=rf"`{ADDRESS}/.*png` cannot be read: Access Denied"):
        listed("image_folder", tmp_path)


def test_a_full_disk_is_not_the_addresss_fault(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mirror, "atomic_write", full)
    with pytest.raises(StorageError, match=r"data cannot be mirrored into .* No space left on device"):
        listed("image_folder", tmp_path)


def test_what_an_interrupted_start_has_brought_stays(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    put(bucket, write_image_folder(tmp_path / "data"))
    choice = DatasetChoice.model_validate("image_folder")

    def interrupt(done: int, total: int) -> None:
        if done == total - 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_data(choice, data_root_at(ADDRESS), tmp_path / "cache", interrupt)
    read.clear()
    listed("image_folder", tmp_path)
    assert len(read) <= 16


@pytest.mark.parametrize("layout", {layout.dataset: layout for layout in LAYOUTS}.values(), ids=lambda one: one.dataset)
def test_every_data_set_is_read_at_an_address_as_in_a_folder(layout: Layout, bucket: Any, tmp_path: Path) -> None:
    folder = layout.write(tmp_path / "data")
    if folder.is_dir():  # a drawn set has none
        put(bucket, folder)
    there = layout.open(folder).samples().samples
    assert listed(layout.dataset, tmp_path, **layout.params) == tuple(sample.name for sample in there)


def test_of_a_mix_each_set_is_brought_and_no_other(bucket: Any, tmp_path: Path, read: list[str]) -> None:
    for name, folder in (("SFEW", write_sfew2(tmp_path / "a")), ("fer2013", write_fer2013_csv(tmp_path / "b"))):
        put(bucket, folder, name)
    put(bucket, write_rafdb(tmp_path / "c"), "RAF-DB")
    assert listed("mix", tmp_path, of=[{"fer2013": {}}, {"sfew": {}}])
    assert {path.partition("/")[0] for path in read} == {"SFEW", "fer2013"}
