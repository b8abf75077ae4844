"""Whose a new folder is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.files.private_folder import make_private


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The umask of a user who shares with a group."""
    former = os.umask(0o007)
    yield
    os.umask(former)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_folder_and_those_above_it_are_the_owners(tmp_path: Path) -> None:
    make_private(tmp_path / "runs/sfew")
    assert [mode(tmp_path / "runs"), mode(tmp_path / "runs/sfew")] == [0o700, 0o700]


def test_below_a_folder_that_a_group_shares_the_umask_decides(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs").chmod(0o2770)
    make_private(tmp_path / "runs/sfew")
    assert mode(tmp_path / "runs/sfew") == 0o770


def test_a_folder_that_somebody_has_opened_stays_open(tmp_path: Path) -> None:
    (tmp_path / "sfew").mkdir()
    (tmp_path / "sfew").chmod(0o755)
    make_private(tmp_path / "sfew")
    assert mode(tmp_path / "sfew") == 0o755
