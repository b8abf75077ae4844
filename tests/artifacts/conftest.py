"""A bucket for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """The address of S3 on the loopback."""
    pytest.importorskip("s3fs")
    object_stores = pytest.importorskip("ferray.testing.object_stores")
    with object_stores.bucket() as address:
        yield address
