"""`ferray ls`."""

from __future__ import annotations

import json
from pathlib import Path

from ferray.testing.command import ferray
from ferray.testing.curves import open_driver, run_curves, small_spec


def sweep(output: Path, name: str = "curves") -> None:
    spec = small_spec(name=name)
    driver = open_driver(output / name, spec)
    run_curves(driver)
    driver.study.close()
    (output / name / "resolved.json").write_text(json.dumps(spec.model_dump(mode="json")))


def test_a_line_tells_state_trials_best_size_and_time(tmp_path: Path) -> None:
    sweep(tmp_path)
    ran = ferray("ls", "--output", tmp_path)
    (line,) = [line for line in ran.out.splitlines() if line.split()[:1] == ["curves"]]
    assert (ran.code, "finished" in line, "10/10" in line, "n=200" in line, "ago" in line) == (0, *[True] * 4)


def test_json_is_an_entry_each_sweep(tmp_path: Path) -> None:
    sweep(tmp_path)
    (entry,) = json.loads(ferray("ls", "--output", tmp_path, "--json").out)
    assert (entry["name"], entry["state"], entry["finished"], entry["asked"]) == ("curves", "finished", 10, 10)
    assert (entry["best"]["n"], len(entry["best"]["interval"])) == (200, 2)


def test_json_of_an_empty_folder_is_an_empty_list(tmp_path: Path) -> None:
    assert json.loads(ferray("ls", "--output", tmp_path, "--json").out) == []


def test_an_empty_folder_has_a_hint(tmp_path: Path) -> None:
    ran = ferray("ls", "--output", tmp_path)
    assert (ran.code, ran.out, f"no sweep lies in `{tmp_path}`: start one" in ran.err) == (0, "", True)


def test_a_folder_that_is_not_there_has_a_hint(tmp_path: Path) -> None:
    ran = ferray("ls", "--output", tmp_path / "nowhere")
    assert (ran.code, ran.out, f"there is no folder `{tmp_path / 'nowhere'}`" in ran.err) == (0, "", True)


def test_a_sweep_that_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    sweep(tmp_path, "good")
    sweep(tmp_path, "bad")
    (tmp_path / "bad" / "study.journal").write_text("{nonsense\n{}\n")
    out = ferray("ls", "--output", tmp_path).out
    assert ("good" in out, "bad: " in out, "unreadable" in out) == (True, True, True)
