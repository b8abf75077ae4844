"""`ferray power`, from a spread that is given and from sweeps that hold one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ferray.cli.app import run
from ferray.results.confirmation import Confirmation, write_confirmation
from ferray.results.finalists import Finalist, Pair

WRITTEN = Path(__file__).parents[1] / "written_by_0_1_0" / "plain"


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """One complete trial, so that nothing is known of seeds."""
    return Path(shutil.copytree(WRITTEN, tmp_path / "plain"))


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    code = run(["power", *words])
    return code, capsys.readouterr().err.splitlines()


def test_the_seeds_for_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["power", "--sd", "0.03", "--difference", "0.04", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == [{"difference": 0.04, "seeds": 11}]


def test_what_the_draw_of_few_images_hides_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["power", "--sd", "0.012", "--images", "210"]) == 0
    out = capsys.readouterr().out
    assert "-: not found by a thousand seeds, as the draw of the images hides it" in out
    assert "two recipes are taken to disagree on 10 % of them" in out


def test_without_images_their_draw_is_said_not_to_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["power", "--sd", "0.012"]) == 0
    assert "the draw of the test images is not counted" in capsys.readouterr().out


def test_a_confirmation_is_read(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = Finalist("trial-0", 0, "0f1960cf", (1, 2), (0.40, 0.42), n=300, mean=0.41, sd=None, interval=None)
    write_confirmation(sweep, Confirmation("plain", "c", "uar", "test", (1, 2), ("a", "b"), (row,), ()))
    assert run(["power", str(sweep), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sd"], found["n"]) == (pytest.approx(0.02 / 2**0.5), 300)
    assert found["source"] == "2 trainings of 1 recipe confirmed on the test split"


def test_the_finalists_tell_how_far_differences_scatter(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tuple(
        Finalist(name, 0, "0f1960cf", (1, 2), (0.40, 0.42), n=300, mean=0.41, sd=None, interval=None) for name in "ab"
    )
    pair = Pair("a", "b", 2, 0.0, None, None, None, seed_error=0.01, draw_error=0.02)
    write_confirmation(sweep, Confirmation("plain", "c", "uar", "test", (1, 2), ("a", "b"), rows, (pair,)))
    assert run(["power", str(sweep), "--images", "1200", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["draw_error"], found["disagreement"]) == (pytest.approx(0.01), None)


def test_a_sweep_without_repeated_recipes_is_refused(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = refused(capsys, str(sweep))
    assert (code, lines[0]) == (3, "error: no recipe of `plain` was trained to its end with two seeds")


def test_nothing_to_reckon_with_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = refused(capsys)
    assert (code, lines[0]) == (2, "error: there is no spread over seeds to reckon with")


def test_a_percentage_is_answered_with_its_fraction(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = refused(capsys, "--sd", "1.2")
    assert (code, lines[1]) == (2, "hint: write `--sd 0.012` for 1.2 %")


@pytest.mark.parametrize(
    "words",
    ["--sd 0.01 --difference 0", "--sd 0.01 --seeds 1", "--sd 0.01 --power 1", "--sd nan", "--sd 0.01 --images 1"],
)
def test_a_number_that_no_study_has_is_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = refused(capsys, *words.split())
    assert code == 2
    assert " is not " in lines[0]
