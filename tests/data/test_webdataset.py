from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.webdataset import Webdataset
from ferray.data.pack import open_splits
from ferray.data.samples import SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import DataError
from ferray.testing.fake_archives import png, write_shards, write_tar

Files = Mapping[str, bytes]
TWO: tuple[tuple[str, Files], ...] = (
    ("a", {"png": png(0, 0), "cls": b"sad"}),
    ("b", {"png": png(1, 1), "json": b'{"Label": "happy", "subject": 7}'}),
)


def dataset(root: Path, **params: Any) -> Webdataset:
    return Webdataset(Webdataset.Params.model_validate(params), root)


def listing(root: Path, *entries: tuple[str, Files], **params: Any) -> SampleList:
    """One shard of two good pictures and these."""
    return dataset(write_tar(root / "faces.tar", [*TWO, *entries]), **params).samples()


def test_parts_come_from_shards_and_labels_from_what_stands_beside(tmp_path: Path) -> None:
    found = dataset(write_shards(tmp_path, per_class=1)).samples()
    assert found.classes == EMOTION_NAMES
    assert Counter(sample.part for sample in found.samples) == {"train": 7, "val": 7}
    assert [sample.label for sample in found.samples] == [*range(7), *range(7)]


def test_json_may_name_a_group(tmp_path: Path) -> None:
    assert [sample.group for sample in listing(tmp_path).samples] == ["", "7"]


def test_pictures_are_read_in_place(tmp_path: Path) -> None:
    write_shards(tmp_path, per_class=2)
    choice = DatasetChoice.model_validate("webdataset")
    splits = open_splits(choice, size=20, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")
    opened = dataset(tmp_path)
    assert np.array_equal(splits.train.picture(9), opened.original(opened.samples().samples[9]))
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["train-000000.tar", "val-000000.tar"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (("c", {"png": png(2, 2)}), "has no label beside it: a `.cls`, a `.txt`, or a `.json` that holds `label`"),
        (("c", {"png": png(2, 2), "json": b"[1"}), "has no label beside it: a `.cls`, a `.txt`"),
        (("c", {"cls": b"sad"}), "has no pictures under its key, one is expected"),
        (("c", {"png": png(2, 2), "jpg": b"x", "cls": b"sad"}), "has 2 pictures under its key, one is expected"),
        (("c", {"png": png(2, 2), "cls": b"smirk"}), "has the label `smirk`, none of the seven expressions"),
        (("a", {"png": png(2, 2), "cls": b"sad"}), "stands under a key that the shard has had before"),
    ],
)
def test_an_entry_that_cannot_be_a_sample_is_named(tmp_path: Path, entry: Any, reason: str) -> None:
    bad = listing(tmp_path, entry).bad
    assert len(bad) == 1
    assert bad[0].reason.startswith(reason)


@pytest.mark.parametrize("key", ["../../etc/evil", "/etc/evil"])
def test_a_path_in_an_archive_is_a_name_and_nothing_else(tmp_path: Path, key: str) -> None:
    found = listing(tmp_path / "root", (key, {"png": png(2, 2), "cls": b"fear"}))
    assert found.samples[-1].name == f"faces.tar/{key}"
    assert dataset(tmp_path / "root").original(found.samples[-1]).shape == (20, 20, 3)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["faces.tar"]


def test_links_in_an_archive_are_not_followed(tmp_path: Path) -> None:
    write_tar(tmp_path / "faces.tar", TWO)
    with tarfile.open(tmp_path / "faces.tar", "a:") as archive:
        link = tarfile.TarInfo("c.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert len(dataset(tmp_path).samples()) == 2


def test_a_torn_shard_is_one_sentence(tmp_path: Path) -> None:
    path = write_shards(tmp_path) / "train-000000.tar"
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(DataError, match=r"train-000000.tar` is (torn, or no tar archive|no tar archive, or torn)"):
        dataset(tmp_path).samples()


def test_a_shard_that_goes_on_with_something_else_is_torn(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "faces.tar", TWO) / "faces.tar"
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole + bytes(-len(whole) % 512) + b"x" * 1024)
    with pytest.raises(DataError, match="is torn, or no tar archive, from its byte"):
        dataset(tmp_path).samples()


def test_a_compressed_shard_is_to_be_unpacked(tmp_path: Path) -> None:
    (write_tar(tmp_path / "faces.tar", TWO) / "faces.tar").rename(tmp_path / "faces.tar.gz")
    with pytest.raises(DataError, match="is compressed, and shards are read in place"):
        dataset(tmp_path).samples()


def test_another_file_of_that_name_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "faces.tar").write_bytes(b"<html>" * 200)
    with pytest.raises(DataError, match="is no tar archive, or torn"):
        dataset(tmp_path).samples()


def test_a_picture_that_stands_twice_has_one_content(tmp_path: Path) -> None:
    contents = listing(tmp_path, ("c", {"png": png(0, 0), "cls": b"sad"})).contents
    assert contents[0] == contents[2] != contents[1]


def test_bytes_that_are_no_picture_are_a_bad_sample(tmp_path: Path) -> None:
    listing(tmp_path, ("c", {"png": b"<html>" * 9, "cls": b"sad"}))
    choice = DatasetChoice.model_validate("webdataset")
    with pytest.raises(DataError, match=r"faces.tar/c: is a web page, not a picture"):
        open_splits(choice, size=16, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")


def test_an_empty_class_is_refused_where_a_split_needs_it(tmp_path: Path) -> None:
    write_shards(tmp_path)
    write_tar(tmp_path / "val-000000.tar", [("x", {"png": png(0, 5), "json": json.dumps({"label": "sad"}).encode()})])
    choice = DatasetChoice.model_validate("webdataset")
    with pytest.raises(DataError, match=r"no image of `Angry`, `Disgust`, `Fear`, .* in val"):
        open_splits(choice, size=16, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")
