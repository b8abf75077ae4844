"""`ferray rm` asks, says what goes, and takes no for an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.config.place import RESOLVED_NAME
from ferray.testing.command import ferray
from ferray.testing.curves import open_driver, run_curves, small_spec


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for name in ("curves", "second"):
        driver = open_driver(tmp_path / name, small_spec(name=name))
        run_curves(driver)
        driver.study.close()
        (tmp_path / name / RESOLVED_NAME).write_text(json.dumps({"name": name}))
    return tmp_path


def test_with_yes_it_goes(output: Path) -> None:
    ran = ferray("rm", "curves", "--yes", "--output", output)
    assert (ran.code, (output / "curves").exists(), (output / "second").exists()) == (0, False, True), ran.err


def test_it_says_what_goes(output: Path) -> None:
    assert f"`{output / 'curves'}` holds 10 trials" in ferray("rm", "curves", "--yes", "--output", output).err


def test_without_a_terminal_it_wants_yes(output: Path) -> None:
    ran = ferray("rm", "curves", "--output", output)
    assert (ran.code, "pass `--yes`" in ran.err, (output / "curves").exists()) == (2, True, True)


def test_one_that_is_needed_is_not_removed_unasked(output: Path) -> None:
    (output / "second" / RESOLVED_NAME).write_text(json.dumps({"base": {"init_from": "curves:best"}}))
    ran = ferray("rm", "curves", "--yes", "--output", output)
    assert (ran.code, "is needed by `second`" in ran.err, (output / "curves").exists()) == (2, True, True)


def test_json_says_what_went(output: Path) -> None:
    document = json.loads(ferray("rm", "curves", "--yes", "--json", "--output", output).out)
    assert (document["removed"], document["needed_by"]) == ("curves", [])


def test_a_wrong_name_offers_the_nearest(output: Path) -> None:
    ran = ferray("rm", "curvse", "--yes", "--output", output)
    assert (ran.code, "did you mean `curves`" in ran.err) == (2, True)
