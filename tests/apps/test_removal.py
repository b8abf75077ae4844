"""A sweep is removed whole or refused, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest

from ferray.apps import removal
from ferray.apps.removal import plan_removal, remove
from ferray.config.place import PLACE_NAME, RESOLVED_NAME, Place
from ferray.errors import ConfigError
from ferray.study.claim import mark
from ferray.sweeps.driver_lock import only_driver
from ferray.testing.curves import open_driver, run_curves, small_spec


def curves(output: Path, name: str = "curves", storage: str | None = None) -> Path:
    """A sweep that has ended, with a store of its own or in a database."""
    folder = output / name
    driver = open_driver(folder, small_spec(name=name), storage=storage)
    run_curves(driver)
    driver.study.close()
    (folder / RESOLVED_NAME).write_text(json.dumps({"name": name}))
    if storage is not None:
        place = Place(folder, name, storage=storage, identity="mine", seen=(str(folder), "here", 1))
        (folder / PLACE_NAME).write_text(json.dumps(place.to_json()))
        mark(_store(storage), place)
    return folder


def _store(url: str) -> optuna.storages.BaseStorage:
    return optuna.storages.get_storage(url)


def studies(url: str) -> list[str]:
    return [study.study_name for study in _store(url).get_all_studies()]


def test_a_removed_sweep_leaves_nothing_behind(tmp_path: Path) -> None:
    curves(tmp_path)
    remove(plan_removal("curves", tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_sweeps_beside_it_stay(tmp_path: Path) -> None:
    curves(tmp_path)
    other = curves(tmp_path, "other")
    before = {path: path.stat().st_mtime_ns for path in other.rglob("*")}
    remove(plan_removal("curves", tmp_path))
    assert {path: path.stat().st_mtime_ns for path in other.rglob("*")} == before


def test_what_a_link_in_it_leads_to_stays(tmp_path: Path) -> None:
    folder = curves(tmp_path / "runs")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "face.png").write_bytes(b"1")
    (folder / "data").symlink_to(tmp_path / "data")
    remove(plan_removal("curves", tmp_path / "runs"))
    assert (tmp_path / "data" / "face.png").exists()


def test_a_link_to_a_sweep_is_refused(tmp_path: Path) -> None:
    curves(tmp_path / "elsewhere")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "curves").symlink_to(tmp_path / "elsewhere" / "curves")
    with pytest.raises(ConfigError, match="is a link to"):
        plan_removal("curves", tmp_path / "runs")


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(ConfigError, match="there is no sweep `photos`"):
        plan_removal("photos", tmp_path)


def test_a_folder_that_holds_sweeps_is_refused(tmp_path: Path) -> None:
    curves(tmp_path / "runs")
    (tmp_path / "runs" / PLACE_NAME).write_text("{}")
    with pytest.raises(ConfigError, match="holds other sweeps: `curves`"):
        removal._refuse_unsafe(tmp_path / "runs")


def test_one_that_is_being_run_is_refused(tmp_path: Path) -> None:
    folder = curves(tmp_path)
    plan = plan_removal("curves", tmp_path)
    with only_driver(folder), pytest.raises(ConfigError, match="is being run by"):
        remove(plan)
    assert folder.is_dir()


def test_one_that_a_driver_of_another_machine_runs_is_refused(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec())  # holds the lease in the store, and no lock
    with pytest.raises(ConfigError, match="is being run by process"):
        plan_removal("curves", tmp_path)
    driver.study.close()


def test_one_that_another_begins_with_is_named(tmp_path: Path) -> None:
    curves(tmp_path)
    other = curves(tmp_path, "second")
    (other / RESOLVED_NAME).write_text(json.dumps({"base": {"init_from": "curves:best"}}))
    assert plan_removal("curves", tmp_path).needed_by == ("second",)


def test_one_that_another_comes_after_is_named(tmp_path: Path) -> None:
    curves(tmp_path)
    other = curves(tmp_path, "second")
    (other / RESOLVED_NAME).write_text(json.dumps({"after": "papers/curves"}))
    assert plan_removal("curves", tmp_path).needed_by == ("second",)


def test_one_whose_checkpoint_another_begins_with_is_named(tmp_path: Path) -> None:
    folder = curves(tmp_path)
    other = curves(tmp_path, "second")
    choices = {"choice": [None, str(folder / "trials" / "0000-abc" / "best.pt")]}
    (other / RESOLVED_NAME).write_text(json.dumps({"space": {"init_from": choices}}))
    assert plan_removal("curves", tmp_path).needed_by == ("second",)


def test_the_confirmation_of_a_removed_sweep_stays_and_is_named(tmp_path: Path) -> None:
    curves(tmp_path)
    confirmation = curves(tmp_path, "curves-confirm")
    plan = plan_removal("curves", tmp_path)
    remove(plan)
    assert (plan.confirmation, confirmation.is_dir()) == (confirmation, True)
    assert plan.sentences()[-1].startswith("its confirmation `curves-confirm` is a sweep of its own and stays: `")


def test_a_damaged_record_does_not_keep_a_sweep(tmp_path: Path) -> None:
    folder = curves(tmp_path)
    (folder / "study.journal").write_text("not a journal\n" * 3)
    plan = plan_removal("curves", tmp_path)
    assert plan.unread
    remove(plan)
    assert not folder.exists()


def test_an_interrupted_removal_is_completed_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curves(tmp_path)
    plan = plan_removal("curves", tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("ferray.apps.removal.shutil.rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            remove(plan)
    assert [path.name[:8] for path in tmp_path.iterdir()] == [".curves."]
    remove(plan_removal("curves", tmp_path))
    assert list(tmp_path.iterdir()) == []


def interrupted(path: Path) -> None:
    raise KeyboardInterrupt(path)


def test_a_study_in_a_database_goes_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    curves(tmp_path / "runs", storage=url)
    remove(plan_removal("curves", tmp_path / "runs"))
    assert studies(url) == []


def test_other_studies_of_the_database_stay(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    curves(tmp_path / "runs", storage=url)
    curves(tmp_path / "runs", "other", storage=url)
    remove(plan_removal("curves", tmp_path / "runs"))
    assert studies(url) == ["other"]


def test_a_study_of_another_folder_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    folder = curves(tmp_path / "runs", storage=url)
    place = json.loads((folder / PLACE_NAME).read_text())
    (folder / PLACE_NAME).write_text(json.dumps({**place, "identity": "another"}))
    with pytest.raises(ConfigError, match="belongs to"):
        remove(plan_removal("curves", tmp_path / "runs"))
    assert (folder.is_dir(), studies(url)) == (True, ["curves"])


def test_a_study_that_is_gone_already_keeps_no_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    folder = curves(tmp_path / "runs", storage=url)
    optuna.delete_study(study_name="curves", storage=url)
    remove(plan_removal("curves", tmp_path / "runs"))
    assert not folder.exists()
