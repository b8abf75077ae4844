from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from ferray.config.buckets import as_address, bucket_errors, open_bucket, refuse_credentials
from ferray.errors import ConfigError


@pytest.mark.parametrize("given", ["s3://bucket/fer", "s3://bucket/fer/", str(Path("s3://bucket/fer"))])
def test_an_address_is_the_same_however_its_slashes_came(given: str) -> None:
    assert as_address(given) == "s3://bucket/fer"


@pytest.mark.parametrize("given", ["data", "/data/fer", "./s3", "c:/data", "S3", "s3:", "s3://"])
def test_a_path_is_no_address(given: str) -> None:
    assert as_address(given) is None


def test_an_unknown_kind_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match="`s33` is no kind of storage that ferray knows, in `s33://bucket`"):
        open_bucket("s33://bucket")


@pytest.mark.parametrize("address", ["file:///data", "local:///data"])
def test_a_disk_is_named_by_its_path(address: str) -> None:
    with pytest.raises(ConfigError, match="is no kind of storage"):
        open_bucket(address)


@pytest.mark.parametrize("password", ["secret", "a/secret", "a@b/secret", "1/secret"])
def test_an_address_with_a_password_is_refused_without_it(password: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_bucket(f"s3://user:{password}@bucket/fer")
    assert str(refused.value).startswith("`s3://...@bucket/fer` holds a user and a password")


def test_a_port_is_no_password() -> None:
    refuse_credentials("hdfs://name:8020/user/faces@home")


def test_a_client_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: object, **__: object) -> None:
        raise ImportError("Install s3fs to access S3") from ModuleNotFoundError("No module named 's3fs'")

    monkeypatch.setattr("fsspec.core.url_to_fs", lacking)
    with pytest.raises(ConfigError, match="`s3://bucket/fer` needs a client that is not installed") as refused:
        open_bucket("s3://bucket/fer")
    assert "s3fs" in refused.value.hint


def test_whatever_a_client_raises_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="Unable to locate credentials"), bucket_errors():
        raise RuntimeError("Unable to locate credentials\nand more")


def test_a_path_alone_is_no_answer_of_a_client() -> None:
    with pytest.raises(FileNotFoundError) as raised, bucket_errors():
        raise FileNotFoundError("faces/data")
    assert raised.value.args == (errno.ENOENT, "nothing is there")


def test_a_client_prints_no_traceback_of_the_error_that_it_raises() -> None:
    open_bucket("memory://faces")
    assert not logging.getLogger("gcsfs").isEnabledFor(logging.ERROR)
