"""Files in S3, asked over HTTP, keep the contract of every kind."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from ferray.artifacts.address import file_system_at
from ferray.artifacts.file_system import FileSystem
from ferray.artifacts.object_store import ObjectStore, object_store_kinds
from ferray.errors import ConfigError
from ferray.testing.file_systems import CHECKS, content, put


@pytest.fixture
def files(bucket: str) -> FileSystem:
    return file_system_at(f"{bucket}/{uuid4().hex}/trials/0000-ab")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[FileSystem], None], files: FileSystem) -> None:
    check(files)


def test_an_object_of_several_parts_is_whole(files: FileSystem) -> None:
    whole = bytes(range(256)) * 4 * 2**12  # 6 MiB more than a part of 5
    put(files, "last.pt", whole + whole)
    assert content(files, "last.pt") == whole + whole


def test_a_bucket_that_is_not_there_is_named(bucket: str) -> None:
    missing = ObjectStore(f"{bucket}-of-nobody/runs")
    with pytest.raises(OSError, match="bucket"):
        put(missing, "last.pt", b"whole")


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as refused:
        file_system_at("s3://me:secret@faces/runs")
    assert "secret" not in str(refused.value)


def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("Install s3fs to access S3") from ModuleNotFoundError("No module named 's3fs'")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(ConfigError) as refused:
        file_system_at("s3://faces/runs")
    assert "s3fs" in refused.value.hint


def test_files_of_one_process_or_disk_alone_are_no_kind() -> None:
    assert {"memory", "file", "local"} & object_store_kinds() == set()
    with pytest.raises(ConfigError, match="no kind of storage"):
        file_system_at("file://tmp/runs")
