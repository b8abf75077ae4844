"""Every kind of file system keeps the contract of `ferray.testing.file_systems`."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from ferray.artifacts.file_system import FileSystem
from ferray.artifacts.local import LocalFileSystem
from ferray.testing.file_systems import CHECKS
from ferray.testing.memory_files import MemoryFileSystem

KINDS: dict[str, Callable[[Path], FileSystem]] = {
    "local": lambda folder: LocalFileSystem(str(folder / "trials" / "0000-ab")),
    "memory": lambda _: MemoryFileSystem(f"memory://{uuid4().hex}/trials/0000-ab"),
}


@pytest.fixture(params=sorted(KINDS))
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileSystem:
    made = KINDS[request.param](tmp_path)
    made.make()
    return made


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[FileSystem], None], files: FileSystem) -> None:
    check(files)
