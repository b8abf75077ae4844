"""The folder of Ray's session: who may enter it, and when it goes."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.errors import ClusterError
from ferray.launch._session_folder import LOCK_NAME, LONGEST, session_folder


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go, on a path as short as Ray's sockets want it."""
    with tempfile.TemporaryDirectory(prefix="d-", dir="/tmp") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield Path(folder)


def left_by_a_killed_sweep(base: Path) -> Path:
    folder = base / "ferray-abcdefgh"
    (folder / "r/session_1/logs").mkdir(parents=True)
    (folder / LOCK_NAME).touch()
    return folder


def test_the_owner_alone_may_enter(base: Path) -> None:
    with session_folder() as folder:
        assert folder.parent == base
        assert folder.stat().st_mode & 0o777 == 0o700


def test_it_goes_with_its_sweep(base: Path) -> None:
    with session_folder() as folder:
        (folder / "r/session_1/logs").mkdir(parents=True)
    assert list(base.iterdir()) == []


def test_what_a_killed_sweep_left_goes_when_the_next_one_starts(base: Path) -> None:
    left_by_a_killed_sweep(base)
    with session_folder() as folder:
        assert list(base.iterdir()) == [folder]


def test_the_folder_of_a_sweep_that_runs_stays(base: Path) -> None:
    other = left_by_a_killed_sweep(base)
    with (other / LOCK_NAME).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with session_folder():
            pass
        assert (other / "r/session_1/logs").is_dir()


def test_folders_that_no_sweep_has_made_stay(base: Path) -> None:
    (base / "ferray-mypapers").mkdir()
    with session_folder():
        pass
    assert [path.name for path in base.iterdir()] == ["ferray-mypapers"]


def test_a_path_too_long_for_sockets_is_given_up_for_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / ("x" * LONGEST)))
    with session_folder() as folder:
        assert folder.parent == Path("/tmp")


def test_no_room_for_temporary_files_is_told_with_the_way_out(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(ClusterError, match=f"cannot be kept in `{base}`: No space left") as error, session_folder():
        pass
    assert "TMPDIR" in error.value.hint
