"""Whose the cache of packed faces is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.config.cache_folder import default_cache_dir, make_cache_folder
from ferray.config.trial import DatasetChoice
from ferray.data.pack import open_splits
from ferray.testing.fake_data import write_image_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user whose new files the whole machine may read, and who has chosen no cache."""
    monkeypatch.delenv("FERRAY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    former = os.umask(0o022)
    yield tmp_path / "home"
    os.umask(former)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_packed_faces_lie_in_a_folder_of_their_owner(home: Path, tmp_path: Path) -> None:
    choice = DatasetChoice.model_validate("image_folder")
    root = write_image_folder(tmp_path / "data", per_class=2)
    open_splits(choice, size=16, limit_per_class=None, data_root=root, cache_dir=default_cache_dir())
    assert (mode(home / "ferray"), (home / "ferray" / "packs").is_dir()) == (0o700, True)


def test_a_cache_that_is_chosen_is_as_the_umask_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path / "shared"))
    make_cache_folder(default_cache_dir() / "packs")
    assert mode(tmp_path / "shared") == 0o755


def test_a_cache_that_is_there_stays_as_it_is(home: Path) -> None:
    (home / "ferray").mkdir(parents=True)
    make_cache_folder(home / "ferray" / "packs")
    assert mode(home / "ferray") == 0o755
