"""Where a sweep lies: how commands find it, what its folder remembers, and what tells a copy from a moved one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ferray.config.place import (
    JOURNAL_NAME,
    PLACE_NAME,
    Place,
    find_sweep,
    output_words,
    place_at_start,
    read_place,
    remembered,
    words_for,
)
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths are those of an empty folder."""
    monkeypatch.chdir(tmp_path)


def sweep(folder: Path) -> Path:
    """A folder that looks like a sweep's."""
    folder.mkdir(parents=True)
    (folder / JOURNAL_NAME).touch()
    return folder


def started(folder: Path, **runtime: object) -> Place:
    """What the folder remembers after a start."""
    place = place_at_start(read_place(folder), Runtime.model_validate(runtime))
    (folder / PLACE_NAME).write_text(json.dumps(place.to_json()))
    return place


@pytest.mark.parametrize("name", ["demo", "runs/demo", "runs/demo/", "./runs/demo", "runs/../runs/demo"])
def test_a_sweep_is_found_by_name_and_by_path(tmp_path: Path, name: str) -> None:
    sweep(tmp_path / "runs" / "demo")
    assert find_sweep(name, Path("runs")).folder == tmp_path / "runs" / "demo"


def test_an_absolute_path_needs_no_output(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "far" / "demo")
    assert find_sweep(f"{folder}/", Path("runs")).folder == folder


def test_the_sweep_that_one_stands_in_is_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sweep(tmp_path / "runs" / "demo"))
    assert find_sweep(".", Path("runs")).folder.name == "demo"


def test_a_name_in_the_output_comes_before_a_folder_here(tmp_path: Path) -> None:
    sweep(tmp_path / "demo")
    inside = sweep(tmp_path / "runs" / "demo")
    assert find_sweep("demo", Path("runs")).folder == inside


def test_a_wrong_name_lists_what_there_is_the_nearest_first(tmp_path: Path) -> None:
    for name in ("abc", "demo", "other", "wang2020"):
        sweep(tmp_path / "runs" / name)
    with pytest.raises(ConfigError) as caught:
        find_sweep("wang200", Path("runs"))
    assert caught.value.message == "there is no sweep `wang200` in `runs`"
    assert caught.value.hint == "did you mean `wang2020`? there is also `abc`, `demo`, `other`"


def test_the_name_of_a_paper_finds_its_sweep(tmp_path: Path) -> None:
    sweep(tmp_path / "runs" / "wang2020")
    with pytest.raises(ConfigError) as caught:
        find_sweep("papers/wang2020", Path("runs"))
    assert caught.value.hint == "did you mean `wang2020`?"


def test_many_sweeps_are_cut_short(tmp_path: Path) -> None:
    for number in range(12):
        sweep(tmp_path / "runs" / f"sweep-{number:02d}")
    with pytest.raises(ConfigError, match="`sweep-09` and 2 more"):
        find_sweep("x", Path("runs"))


def test_without_any_sweep_the_hint_says_how_to_start_one() -> None:
    with pytest.raises(ConfigError, match=r"there is none in `runs`: start one, such as `.*ferray sweep demo`"):
        find_sweep("demo", Path("runs"))


def test_a_database_may_hold_a_sweep_without_a_folder(tmp_path: Path) -> None:
    assert find_sweep("demo", Path("runs"), "sqlite:///s.db").folder == tmp_path / "runs" / "demo"


def test_commands_call_a_sweep_by_its_name_where_they_look_anyway(tmp_path: Path) -> None:
    assert words_for(tmp_path / "runs" / "demo") == ("demo",)
    assert words_for(tmp_path / "my runs" / "demo") == ("my runs/demo",)
    assert words_for(Path("/data/runs/demo")) == ("/data/runs/demo",)


def test_a_sweep_without_a_folder_is_called_with_its_store(tmp_path: Path) -> None:
    words = words_for(tmp_path / "runs" / "demo", "postgresql://me:secret@db/ferray")
    assert words == ("demo", "--storage", "postgresql://me@db/ferray")


def test_the_output_is_named_where_it_is_another() -> None:
    assert output_words(Path("runs")) == ()
    assert output_words(Path("/data/my runs")) == ("--output", "/data/my runs")


def test_a_start_remembers_data_store_and_a_chosen_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "faces").mkdir()
    folder = sweep(tmp_path / "runs" / "demo")
    url = "postgresql://me:secret@db/ferray?password=other&sslmode=require"
    started(folder, data_root="faces", storage=url, cache_dir=tmp_path / "cache")
    place = read_place(folder)
    assert (place.data_root, place.cache_dir) == (tmp_path / "faces", tmp_path / "cache")
    assert place.storage == "postgresql://me@db/ferray?sslmode=require"


def test_no_password_is_written(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "runs" / "demo")
    started(folder, storage="postgresql://me:secret@db/ferray?password=secret")
    assert "secret" not in (folder / PLACE_NAME).read_text()


def test_nothing_is_remembered_of_folders_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FERRAY_CACHE")
    place = started(sweep(tmp_path / "runs" / "demo"))
    assert (place.data_root, place.cache_dir, place.storage) == (None, None, None)


def test_what_is_remembered_is_used_where_nothing_is_asked(tmp_path: Path) -> None:
    place = Place(tmp_path, "demo", storage="sqlite:///s.db", data_root=tmp_path)
    assert remembered(place, None, None) == ({"storage": "sqlite:///s.db", "data_root": tmp_path}, [])


def test_what_is_asked_comes_before_what_is_remembered(tmp_path: Path) -> None:
    place = Place(tmp_path, "demo", storage="sqlite:///s.db", data_root=tmp_path)
    asked = {"storage": "sqlite:///t.db", "data_root": Path("mine")}
    assert remembered(place, asked["data_root"], str(asked["storage"]))[0] == asked


def test_a_data_root_that_is_gone_is_said(tmp_path: Path) -> None:
    found, (note,) = remembered(Place(tmp_path / "demo", "demo", data_root=tmp_path / "gone"), None, None)
    assert "data_root" not in found
    assert note.startswith(f"the data of `demo` were in `{tmp_path / 'gone'}`, which is not there any more")


def test_a_data_root_that_is_gone_is_not_looked_in_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRAY_DATA", str(tmp_path / "gone"))
    _, (note,) = remembered(Place(tmp_path / "demo", "demo", data_root=tmp_path / "gone"), None, None)
    assert note.endswith("which is not there any more: `--data-root` says where they are")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "runs" / "demo")
    (folder / PLACE_NAME).write_text("{")
    with pytest.raises(DataError, match=r"place.json` is damaged"):
        read_place(folder)


def test_a_file_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "runs" / "demo")
    (folder / PLACE_NAME).mkdir()
    with pytest.raises(DataError, match=r"place.json` cannot be read: Is a directory") as caught:
        read_place(folder)
    assert "delete" not in str(caught.value.hint)


def test_nothing_is_remembered_below_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read_place(tmp_path / "file" / "tiny").storage is None


def test_a_folder_keeps_its_identity_where_it_is_renamed(tmp_path: Path) -> None:
    first = started(sweep(tmp_path / "runs" / "demo"))
    second = started((tmp_path / "runs" / "demo").rename(tmp_path / "runs" / "mine"))
    assert (first.identity == second.identity, second.study) == (True, "demo")


def test_a_copy_gets_an_identity_of_its_own(tmp_path: Path) -> None:
    first = started(sweep(tmp_path / "runs" / "demo"))
    shutil.copytree(tmp_path / "runs" / "demo", tmp_path / "runs" / "copy")
    copied = started(tmp_path / "runs" / "copy")
    assert first.identity != copied.identity
    assert started(tmp_path / "runs" / "copy").identity == copied.identity


def test_a_folder_moved_to_another_disk_keeps_its_identity(tmp_path: Path) -> None:
    first = started(sweep(tmp_path / "runs" / "demo"))
    shutil.copytree(tmp_path / "runs" / "demo", tmp_path / "far" / "demo")
    shutil.rmtree(tmp_path / "runs" / "demo")
    assert started(tmp_path / "far" / "demo").identity == first.identity


def test_a_copy_on_another_host_gets_an_identity_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = started(sweep(tmp_path / "runs" / "demo"))
    shutil.move(shutil.copytree(tmp_path / "runs" / "demo", tmp_path / "far" / "demo"), tmp_path / "copy")
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    assert started(tmp_path / "copy").identity != first.identity


def test_another_host_that_sees_the_same_folder_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep(tmp_path / "runs" / "demo")
    first = started(folder)
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    assert started(folder).identity == first.identity


def test_a_sweep_from_before_keeps_the_identity_of_its_tracker(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "runs" / "demo")
    (folder / "wandb").mkdir()
    (folder / "wandb" / "sweep-identity").write_text("drawn long ago")
    assert started(folder).identity == "drawn long ago"


def test_a_copy_beside_a_folder_that_cannot_be_read_is_taken_for_one(tmp_path: Path) -> None:
    first = started(sweep(tmp_path / "runs" / "demo"))
    shutil.copytree(tmp_path / "runs" / "demo", tmp_path / "runs" / "copy")
    (tmp_path / "runs" / "demo" / PLACE_NAME).write_text("{")
    assert started(tmp_path / "runs" / "copy").identity != first.identity


def test_data_that_are_not_those_of_the_environment_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRAY_DATA", str(tmp_path / "others"))
    found, (note,) = remembered(Place(tmp_path / "demo", "demo", data_root=tmp_path), None, None)
    assert found["data_root"] == tmp_path
    assert note.startswith(f"the data of `demo` are those in `{tmp_path}`, with which it ran, and not")
