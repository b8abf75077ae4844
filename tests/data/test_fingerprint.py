from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ferray.data.fingerprint import DigestMemo, listing_fingerprint, sha256_of
from ferray.data.samples import Sample, SampleList
from ferray.errors import DataError
from ferray.registry import ROOMS
from ferray.testing.fake_sets import write_affectnet, write_ck_sequences, write_csv, write_expw, write_rafdb


def listing(source: str, content: str) -> SampleList:
    sample = Sample(sample_id=0, name=source, label=0, part="train", source=source)
    return SampleList((sample,), ("happy",), contents=(content,))


def test_digest_is_the_sha256_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    assert sha256_of(path) == hashlib.sha256(b"content").hexdigest()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone` cannot be read"):
        DigestMemo(tmp_path / "memo.json").digest(tmp_path / "gone")


def test_a_moved_file_changes_the_fingerprint() -> None:
    first = listing_fingerprint(listing("happy/a.png", "same"))
    assert first != listing_fingerprint(listing("sad/a.png", "same"))


def test_a_changed_file_changes_the_fingerprint() -> None:
    assert listing_fingerprint(listing("a.png", "one")) != listing_fingerprint(listing("a.png", "two"))


def test_a_second_start_reads_no_file_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"first")
    status = path.stat()
    first = DigestMemo(tmp_path / "memo.json")
    digest = first.digest(path)
    first.save()
    # Same size, other content, time of change put back: only a memo can still give the old digest.
    path.write_bytes(b"other")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert DigestMemo(tmp_path / "memo.json").digest(path) == digest


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"first")
    memo = DigestMemo(tmp_path / "memo.json")
    memo.digest(path)
    path.write_bytes(b"longer than before")
    assert memo.digest(path) == hashlib.sha256(b"longer than before").hexdigest()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a": 3}'])
def test_a_damaged_memo_is_forgotten(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    (tmp_path / "memo.json").write_text(damage)
    assert DigestMemo(tmp_path / "memo.json").digest(path) == sha256_of(path)


def test_file_is_the_same_to_the_memo_as_a_path_and_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    memo = DigestMemo(tmp_path / "memo.json")
    assert memo.digest(str(path)) == memo.digest(path) == sha256_of(str(path))


def test_a_memo_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memo = DigestMemo(tmp_path / "file" / "memo.json")
    memo.digest(tmp_path / "file")
    memo.save()
    assert (tmp_path / "file").is_file()


@pytest.mark.parametrize(
    ("dataset", "write", "file", "before", "after"),
    [
        ("csv", write_csv, "labels.csv", "_0.png,6,", "_0.png,5,"),
        ("csv", write_csv, "labels.csv", ",val,", ",test,"),
        ("csv", write_csv, "labels.csv", ",p0", ",p9"),
        ("rafdb", write_rafdb, "basic/EmoLabel/list_patition_label.txt", "00.jpg 6", "00.jpg 5"),
        ("expw", write_expw, "label/label.lst", "64.5 0", "64.5 1"),
        ("affectnet", write_affectnet, "AffectNet/training.csv", ",6,0.1", ",5,0.1"),
        ("ckplus", write_ck_sequences, "CK+/Emotion/S000/000/S000_000_00000005_emotion.txt", "1.0", "3.0"),
    ],
)
def test_what_a_table_says_is_part_of_the_fingerprint(
    dataset: str, write: Callable[[Path], Path], file: str, before: str, after: str, tmp_path: Path
) -> None:
    root = write(tmp_path)
    params = {"label_order": "rafdb"} if dataset == "csv" else {}
    component = ROOMS["dataset"].load(dataset)
    first = component(component.Params(**params), root).fingerprint()
    text = (root / file).read_text()
    assert before in text
    (root / file).write_text(text.replace(before, after))
    assert component(component.Params(**params), root).fingerprint() != first
