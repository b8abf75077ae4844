"""What keeps Ray from starting is said in a sentence, before Ray tries for minutes where that can be."""

from __future__ import annotations

import resource
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.errors import ClusterError
from ferray.launch._limits import refuse_no_room, what_to_try

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def limit() -> Iterator[None]:
    kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_AS)
    former = {kind: resource.getrlimit(kind) for kind in kinds}
    yield
    for kind, values in former.items():
        resource.setrlimit(kind, values)


def test_a_temporary_folder_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**20, 2**19, 2**19))
    with pytest.raises(ClusterError, match=r"has `0.5` MiB of room, Ray's files need `64`"):
        refuse_no_room(tmp_path)


@pytest.mark.usefixtures("limit")
def test_a_limit_on_the_size_of_files_is_refused(tmp_path: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (40 * 1024, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with pytest.raises(ClusterError, match="lets no file grow beyond `40` KiB, Ray needs `131072`"):
        refuse_no_room(tmp_path)


@pytest.mark.usefixtures("limit")
def test_the_limit_that_is_low_is_named() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (10**12, resource.getrlimit(resource.RLIMIT_AS)[1]))
    assert what_to_try().startswith("this shell limits memory (`ulimit -v` says so)")


def test_a_plain_exception_of_rays_is_a_sentence() -> None:
    from ferray.launch._connection import _not_started

    error = _not_started(Exception("The current node timed out during startup.\nmore"), "local")
    assert error.message == "Ray does not start on this machine: The current node timed out during startup."
