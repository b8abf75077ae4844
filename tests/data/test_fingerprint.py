from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ferray.data.fingerprint import DigestMemo, listing_fingerprint, sha256_of
from ferray.data.samples import Sample, SampleList
from ferray.errors import DataError


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


def test_a_memo_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memo = DigestMemo(tmp_path / "file" / "memo.json")
    memo.digest(tmp_path / "file")
    memo.save()
    assert (tmp_path / "file").is_file()
