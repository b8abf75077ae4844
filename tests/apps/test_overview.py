"""The sweeps of a folder at a glance."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from ferray.apps.overview import list_sweeps
from ferray.testing.curves import open_driver, run_curves, small_spec


def sweep(output: Path, name: str, *, most_epochs: int = 10**6, trials: int = 3) -> Path:
    """A sweep on curves; it stops dead after so many epochs."""
    spec = small_spec(name=name, budget={"trials": trials})
    driver = open_driver(output / name, spec)
    (output / name / "resolved.json").write_text(json.dumps(spec.model_dump(mode="json")))
    run_curves(driver, most_epochs=most_epochs)
    driver.study.close()
    return output / name


def test_a_folder_that_is_not_there_has_no_sweeps(tmp_path: Path) -> None:
    assert list_sweeps(tmp_path / "nowhere") == []


def test_an_empty_folder_has_no_sweeps(tmp_path: Path) -> None:
    assert list_sweeps(tmp_path) == []


def test_what_is_no_sweep_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "notes.txt").touch()
    assert list_sweeps(tmp_path) == []


def test_a_finished_sweep_says_so_with_its_trials_and_its_best(tmp_path: Path) -> None:
    sweep(tmp_path, "done")
    (line,) = list_sweeps(tmp_path)
    assert (line.name, line.state, line.finished, line.asked, line.metric) == ("done", "finished", 3, 3, "val/uar")
    assert line.best is not None
    assert (line.best.n, line.best.interval is not None) == (200, True)


def test_a_sweep_that_may_go_on_is_stopped(tmp_path: Path) -> None:
    sweep(tmp_path, "half", most_epochs=4)
    (line,) = list_sweeps(tmp_path)
    assert (line.state, line.finished, line.asked) == ("stopped", 1, 3)


def test_size_and_time_of_the_last_write_are_told(tmp_path: Path) -> None:
    folder = sweep(tmp_path, "done")
    (line,) = list_sweeps(tmp_path)
    assert line.held == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert line.changed == pytest.approx(time.time(), abs=600)


def test_a_damaged_record_hides_no_other_sweep(tmp_path: Path) -> None:
    sweep(tmp_path, "good")
    (sweep(tmp_path, "bad") / "study.journal").write_text("{nonsense\n{}\n")
    bad, good = list_sweeps(tmp_path)
    assert (bad.name, bad.state, good.state) == ("bad", "unreadable", "finished")
    assert "study.journal" in bad.note


def test_a_damaged_place_hides_no_other_sweep(tmp_path: Path) -> None:
    sweep(tmp_path, "good")
    (sweep(tmp_path, "bad") / "place.json").write_text("[")
    assert [line.state for line in list_sweeps(tmp_path)] == ["unreadable", "finished"]


def test_a_record_in_a_database_is_named_and_not_asked(tmp_path: Path) -> None:
    folder = tmp_path / "far"
    folder.mkdir()
    storage = "postgresql://nowhere.invalid/ferray"
    place = {"study": "far", "identity": "x", "storage": storage, "seen": ["", "", 0]}
    (folder / "place.json").write_text(json.dumps(place))
    (line,) = list_sweeps(tmp_path)
    assert (line.state, line.finished, storage in line.note) == ("elsewhere", None, True)


def test_a_folder_that_nobody_may_look_into_hides_no_other_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(tmp_path, "good")
    (tmp_path / "shut").mkdir()
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path.parent.name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    assert [(line.name, line.state) for line in list_sweeps(tmp_path)] == [("good", "finished"), ("shut", "unreadable")]
