"""Where a sweep's runs are in W&B: by options, variables and what the sweep's folder remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.track.wandb_runs.place import WandbPlace, as_variables, remember_at_start


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENTITY", "PROJECT", "TAGS", "NOTES"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wandb").mkdir()
    return tmp_path


def test_the_project_is_ferray_unless_told_otherwise(folder: Path) -> None:
    assert WandbPlace.for_sweep(folder).path == "ferray"


def test_variables_are_wandbs_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "faces")
    monkeypatch.setenv("WANDB_TAGS", "pilot, gpu7,")
    place = WandbPlace.for_sweep(folder)
    assert (place.project, place.tags) == ("faces", ("pilot", "gpu7"))


def test_a_sweep_that_is_synced_later_is_where_it_was_and_not_where_one_works_now(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    WandbPlace(entity="us", project="faces", notes="first").remember(folder)
    monkeypatch.setenv("WANDB_PROJECT", "other")
    assert WandbPlace.of(folder) == WandbPlace(entity="us", project="faces", notes="first")
    assert WandbPlace.for_sweep(folder).project == "other"


def test_what_is_asked_for_overrules_what_is_remembered(folder: Path) -> None:
    WandbPlace(entity="us", project="faces").remember(folder)
    assert WandbPlace.of(folder, {"entity": None, "project": "copy"}).path == "us/copy"


@pytest.mark.parametrize(("mode", "is_kept"), [("online", True), ("offline", True), ("disabled", False)])
def test_a_sweep_is_one_that_sync_finds_from_its_start_unless_wandb_is_switched_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str, is_kept: bool
) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    remember_at_start(folder)
    assert any(folder.glob("wandb/*")) == is_kept


def test_options_become_variables() -> None:
    given = {"entity": None, "project": "faces", "tags": ["a", "b"], "notes": "warm start"}
    assert as_variables(given) == {"WANDB_PROJECT": "faces", "WANDB_TAGS": "a,b", "WANDB_NOTES": "warm start"}


def test_a_damaged_file_is_none(folder: Path) -> None:
    (folder / "wandb" / "where.json").write_text("[")
    assert WandbPlace.of(folder) == WandbPlace()
