from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest

from ferray.config.place import Place
from ferray.study.records import SCHEMA, SPEC_ATTR
from ferray.study.store import open_store
from ferray.testing.command import ferray
from ferray.text.commands import command

SPACE = """
dataset: demo
arms: {plain: {}, cleaned: {outliers: bdr}}
published:
  - {row: without, arm: plain, value: 0.42, n: 216}
  - {row: "with BDR", arm: cleaned, value: 0.46, n: 216}
quick: {set: {epochs: 1}}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(SPACE)
    return path


def test_rows_that_were_not_run_name_the_command(space: Path) -> None:
    ran = ferray("compare", space, "--output", space.parent / "runs", "--json")
    (first, _) = json.loads(ran.out)["rows"]
    asks = command("sweep", space, "--output", space.parent / "runs")
    assert (ran.code, first["missing"]) == (0, f"not run: `{asks}`")


def test_the_printed_difference_is_judged(space: Path) -> None:
    out = ferray("compare", space, "--output", space.parent).out
    assert "+4.0 points on 216 test images is inside the noise: z = 0.84" in out


def test_quick_compares_the_quick_sweep(space: Path) -> None:
    ran = ferray("compare", space, "--quick", "--output", space.parent, "--json")
    assert (json.loads(ran.out)["sweep"], json.loads(ran.out)["quick"]) == ("two-quick", True)


def start(space: Path, name: str) -> Path:
    """The folder of a sweep of the space that has begun and has no trials yet."""
    folder = space.parent / "runs" / name
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(f"name: two\n{SPACE}")
    (folder / "place.json").write_text(json.dumps(Place(folder, name).to_json()))
    study = optuna.create_study(storage=open_store(folder), study_name=name)
    objective = {"metric": "val/uar", "mode": "max"}
    study.set_user_attr(SPEC_ATTR, {"schema": SCHEMA, "identity": "", "spec": {}, "objective": objective})
    return folder


@pytest.mark.parametrize("called", ["mine", "{}"])
def test_a_sweep_is_compared_by_its_name_and_by_its_folder(space: Path, called: str) -> None:
    folder = start(space, "mine")
    ran = ferray("compare", called.format(folder), "--output", space.parent / "runs", "--json")
    found = json.loads(ran.out or "{}")
    assert (ran.code, found.get("sweep"), found.get("quick")) == (0, "mine", False), ran.err


def test_what_a_renamed_sweep_lacks_is_run_under_its_name(space: Path) -> None:
    folder = start(space, "mine")
    (first, _) = json.loads(ferray("compare", folder, "--json").out)["rows"]
    asks = command("sweep", folder / "sweep.yaml", "--name", "mine", "--output", folder.parent)
    assert first["missing"] == f"not run: `{asks}`"


def test_the_folder_of_a_quick_sweep_is_compared_as_one(space: Path) -> None:
    folder = start(space, "two-quick")
    assert json.loads(ferray("compare", folder, "--json").out)["quick"] is True


def test_a_name_that_no_sweep_has_is_refused(space: Path) -> None:
    ran = ferray("compare", space, "--name", "again", "--output", space.parent, "--json")
    assert (ran.code, "there is no sweep `again`" in ran.err) == (2, True)


@pytest.mark.parametrize(("option", "mark"), [("--markdown", "| --- |"), ("--latex", r"\toprule")])
def test_tables_for_papers_are_printed(space: Path, option: str, mark: str) -> None:
    assert mark in ferray("compare", space, option, "--output", space.parent).out


def test_two_forms_are_refused(space: Path) -> None:
    assert ferray("compare", space, "--markdown", "--latex").code == 2


def test_a_space_without_numbers_is_refused(tmp_path: Path) -> None:
    ran = ferray("compare", "demo", "--output", tmp_path)
    assert (ran.code, "`demo` quotes no published numbers" in ran.err) == (2, True)


def test_wangs_four_points_are_inside_the_noise(tmp_path: Path) -> None:
    out = ferray("compare", "papers/wang2020", "--output", tmp_path).out
    assert "+4.0 points on 216 test images is inside the noise: z = 0.84" in out
