"""Where a sweep's runs are in W&B: by options, variables and what the sweep's folder remembers."""

from __future__ import annotations

from pathlib import Path

import pytest
import wandb

from ferray.errors import ConfigError
from ferray.track.wandb_runs.place import WandbPlace, as_variables, refuse_untaken, remember_at_start


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENTITY", "PROJECT", "TAGS", "NOTES", "MODE"):
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


@pytest.mark.parametrize(
    ("place", "message", "hint"),
    [
        (WandbPlace(project="us/faces"), "`us/faces` may have no `/`", "--wandb-entity us --wandb-project faces"),
        (WandbPlace(project="a/b/c"), "may have no `/`", "leave out"),
        (WandbPlace(project="50%"), "`50%` may have no `%`", "leave out"),
        (WandbPlace(project="x" * 129), "over 128 letters", "shorter"),
        (WandbPlace(tags=("pilot", "x" * 65)), "over 64 letters", "commas part tags"),
    ],
    ids=lambda given: given.path[:9] if isinstance(given, WandbPlace) else None,
)
def test_what_wandb_would_refuse_after_the_first_trial_is_refused_before(
    place: WandbPlace, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        refuse_untaken(place)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("mode", ["", "of", "Offline"])
def test_a_mode_that_is_none_of_wandbs_is_refused(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    with pytest.raises(ConfigError, match=f"WANDB_MODE is `{mode}`"):
        refuse_untaken(WandbPlace())


@pytest.mark.parametrize("mode", ["online", "offline", "dryrun", "run", "shared"])
def test_what_wandb_takes_is_let_past(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    place = WandbPlace(project="my faces (1)", tags=("x" * 64,))
    settings = wandb.Settings(project=place.project, run_tags=place.tags, mode=mode)  # or it raises
    refuse_untaken(place)
    assert settings.project == place.project


def test_nothing_is_asked_of_words_where_wandb_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    refuse_untaken(WandbPlace(project="us/faces"))
