"""Where wandb's own files lie, and that they are found when a sweep's folder has moved."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ferray.track._wandb_files import STAGED, files_kept_in, found_where_written, remember_place


def test_a_place_that_the_user_has_chosen_is_left_to_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", "/chosen")
    monkeypatch.delenv("WANDB_CACHE_DIR", raising=False)
    with files_kept_in(tmp_path):
        places = os.environ["WANDB_DATA_DIR"], os.environ["WANDB_CACHE_DIR"]
    assert places == ("/chosen", str(tmp_path / "wandb" / "cache"))


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A sweep that was written in `runs/old` and lies in `runs/new`, with one table."""
    old = tmp_path / "runs" / "old"
    (old / STAGED).mkdir(parents=True)
    (old / STAGED / "tmp1").write_text("a table")
    remember_place(old)
    return old.rename(old.with_name("new"))


def test_a_moved_sweeps_tables_are_found_by_the_path_that_its_runs_name(moved: Path) -> None:
    with found_where_written(moved) as lost:
        read = (moved.with_name("old") / STAGED / "tmp1").read_text()
    assert (read, lost) == ("a table", [])


def test_nothing_is_left_at_the_former_path(moved: Path) -> None:
    with found_where_written(moved):
        pass
    assert [path.name for path in moved.parent.iterdir()] == ["new"]


def test_a_sweep_that_was_begun_at_the_former_path_keeps_its_own(moved: Path) -> None:
    other = moved.with_name("old") / STAGED
    other.mkdir(parents=True)
    (other / "tmp2").write_text("another's")
    with found_where_written(moved):
        during = sorted(path.name for path in other.iterdir())
    assert (during, [path.name for path in other.iterdir()]) == (["tmp1", "tmp2"], ["tmp2"])


def test_a_former_path_that_cannot_be_made_is_told(moved: Path) -> None:
    moved.with_name("old").write_text("in the way")
    with found_where_written(moved) as lost:
        pass
    assert lost == [moved.with_name("old")]


@pytest.mark.parametrize("place", ["somewhere/else", "{}/nowhere/demo"])
def test_no_folder_is_made_but_beside_other_sweeps(moved: Path, place: str) -> None:
    (moved / "wandb" / "written-in").write_text(place.format(moved.parent))
    with found_where_written(moved) as lost:
        during = [path.name for path in moved.parent.iterdir()]
    assert (len(lost), during) == (1, ["new"])


def test_a_sweep_that_has_not_moved_needs_nothing(tmp_path: Path) -> None:
    (tmp_path / STAGED).mkdir(parents=True)
    remember_place(tmp_path)
    remember_place(tmp_path)
    with found_where_written(tmp_path) as lost:
        assert (lost, (tmp_path / "wandb" / "written-in").read_text()) == ([], f"{tmp_path}\n")
