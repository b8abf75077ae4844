from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.config.place import JOURNAL_NAME, Place
from ferray.study.history import load_sweep
from ferray.study.readings import remember_reading
from ferray.study.records import Reading
from ferray.testing.curves import open_driver, run_curves, small_spec

FIRST = Reading("a", "evaluate", "small", (0, 2), when=20.0, num_ended=3, num_asked=4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sweep of two trials that has ended."""
    run_curves(open_driver(tmp_path, small_spec(budget={"trials": 2})), slots=1)
    return tmp_path


def test_a_reading_is_in_the_record(folder: Path) -> None:
    remember_reading(Place(folder, folder.name), FIRST)
    assert load_sweep(folder).readings == (FIRST,)


def test_readings_are_told_oldest_first(folder: Path) -> None:
    earlier = replace(FIRST, key="b", when=10.0)
    for reading in (FIRST, earlier):
        remember_reading(Place(folder, folder.name), reading)
    assert load_sweep(folder).readings == (earlier, FIRST)


def test_what_goes_on_after_a_kill_is_no_second_reading(folder: Path) -> None:
    for reading in (FIRST, replace(FIRST, when=99.0)):
        remember_reading(Place(folder, folder.name), reading)
    assert load_sweep(folder).readings == (FIRST,)


def test_the_trials_stay_as_they_are(folder: Path) -> None:
    before = load_sweep(folder)
    remember_reading(Place(folder, folder.name), FIRST)
    assert load_sweep(folder) == before


def test_a_sweep_without_readings_has_none(folder: Path) -> None:
    assert b"reading-" not in (folder / JOURNAL_NAME).read_bytes()
    assert load_sweep(folder).readings == ()
