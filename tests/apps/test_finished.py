"""`ferray.evaluate`, `ensemble`, `calibrate`, `export`, `confirm` and `compare` in this process."""

from __future__ import annotations

import asyncio
import inspect
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy
import pytest

import ferray
from ferray.apps import options
from ferray.apps.confirm_request import SEEDS, TOP
from ferray.apps.recorded import request_evaluation
from ferray.artifacts.sweep import SweepArtifacts
from ferray.cli.app import app
from ferray.results.answers import read_answers
from ferray.study.history import load_sweep
from ferray.testing.command import INLINE, document
from ferray.testing.command import ferray as command

FUNCTIONS = {
    "confirm": options.ConfirmOptions,
    "evaluate": options.EvaluateOptions,
    "ensemble": options.EnsembleOptions,
    "calibrate": options.CalibrateOptions,
    "export": options.ExportOptions,
}
OF_PYTHON = {"listeners", "quiet"}
OF_A_TERMINAL = {"name", "json", "dry_run", "quiet", "soup"}
TWO_FRESH: dict[str, Any] = {"top": 1, "seeds": 2, "launcher": "inline", "tracker": "none", "quiet": True}


def command_options(name: str) -> dict[str, Any]:
    """The parameters of a command with their defaults, as Python would write them."""
    (callback,) = (each.callback for each in app.registered_commands if (each.name or "") == name)
    assert callback is not None
    parameters = inspect.signature(callback).parameters
    return {"all" if each == "every" else each: parameters[each].default for each in parameters}


class Heard(ferray.Listener):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, line: str) -> None:
        self.warnings.append(line)


def as_json(value: object) -> object:
    return json.loads(json.dumps(value))


@pytest.fixture
def twin(pairs: Path, tmp_path: Path) -> Path:
    """The same sweep once more, for a command that must find nothing judged."""
    return shutil.copytree(pairs, tmp_path / "twin/pairs")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_options_are_those_of_the_command(name: str) -> None:
    known = set(FUNCTIONS[name].__annotations__)
    given = {"to"} if name == "export" else set()
    assert (known | given) - OF_PYTHON == set(command_options(name)) - OF_A_TERMINAL


def test_a_confirmation_has_the_defaults_of_the_command() -> None:
    defaults = command_options("confirm")
    assert (defaults["top"], defaults["seeds"]) == (TOP, SEEDS)


def test_an_evaluation_is_that_of_the_command(pairs: Path, twin: Path) -> None:
    asked = document(command("evaluate", twin, "--all", "--json"))["trials"]
    found = [
        {**each.to_json(), "intervals": each.intervals, "groups": each.num_groups}
        for each in ferray.evaluate(pairs, all=True, quiet=True)
    ]
    assert as_json(found) == asked


def test_an_evaluation_of_a_sweep_that_was_read_is_of_its_best_trial(pairs: Path) -> None:
    sweep = ferray.load(pairs)
    (judged,) = ferray.evaluate(sweep, quiet=True)
    assert sweep.best is not None
    assert (judged.trial, judged.n) == (sweep.best.number, 35)


@pytest.mark.parametrize("number", [0, numpy.int64(0), [numpy.int64(0)], numpy.array([0]), (0,)], ids=repr)
def test_trial_0_is_asked_for_however_its_number_is_written(
    pairs: Path, number: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[int]] = []
    monkeypatch.setattr("ferray.results.chosen.choose_trials", lambda *given, **_: asked.append(given[2]) or [])
    request_evaluation(pairs, {"output": pairs.parent, "trial": number}, ferray.Listener())
    assert asked == [(0,)]  # and not the best one


def test_the_reading_is_in_the_store_before_and_the_next_hears_of_it(pairs: Path) -> None:
    ferray.evaluate(pairs, trial=0, quiet=True)
    (reading,) = load_sweep(pairs).readings
    heard = Heard()
    ferray.evaluate(pairs, trial=1, listeners=[heard])
    assert (reading.by, reading.trials) == ("evaluate", (0,))
    assert [line for line in heard.warnings if line.startswith("note: the test split was read before: ")]


def test_an_ensemble_is_that_of_the_command(pairs: Path, twin: Path) -> None:
    asked = document(command("ensemble", twin, "--rounds", 5, "--json"))
    assert as_json(ferray.ensemble(pairs, rounds=5, quiet=True).to_json()) == asked


def test_without_the_test_split_an_ensemble_reads_nothing_of_it(pairs: Path) -> None:
    assert ferray.ensemble(pairs, test=False, quiet=True).gains == ()
    assert (load_sweep(pairs).readings, read_answers(SweepArtifacts.of(pairs).ensemble)) == ((), None)


def test_a_calibration_is_that_of_the_command(pairs: Path) -> None:
    asked = document(command("calibrate", pairs, "--trial", 1, "--json"))
    found = ferray.calibrate(pairs, trial=1, quiet=True).to_json()
    assert as_json({"sweep": "pairs", "trial": 1, **found}) == asked


def test_an_ensemble_is_calibrated(pairs: Path) -> None:
    found = ferray.ensemble(pairs, test=False, quiet=True).ensemble
    assert ferray.calibrate(pairs, ensemble=True, quiet=True).of == found.digest


def test_an_export_is_that_of_the_command(pairs: Path, tmp_path: Path) -> None:
    asked = document(command("export", pairs, "--to", tmp_path / "a", "--trial", 1, "--no-onnx", "--json"))
    found = ferray.export(pairs, tmp_path / "b", trial=1, onnx=False, quiet=True)
    assert (list(found.files), asdict(found.checks)) == (asked["files"], asked["checks"])
    assert (tmp_path / "b/metrics.json").read_text() == (tmp_path / "a/metrics.json").read_text()


def test_an_ensemble_is_exported(pairs: Path, tmp_path: Path) -> None:
    ferray.ensemble(pairs, test=False, quiet=True)
    found = ferray.export(pairs, tmp_path / "a", ensemble=True, onnx=False, quiet=True)
    asked = document(command("export", pairs, "--to", tmp_path / "b", "--ensemble", "--no-onnx", "--json"))
    assert (list(found.files), asdict(found.checks)) == (asked["files"], asked["checks"])


def test_a_comparison_is_that_of_the_command(pairs: Path) -> None:
    assert as_json(ferray.compare(ferray.load(pairs)).to_json()) == document(command("compare", pairs, "--json"))


def test_a_confirmation_is_that_of_the_command(pairs: Path) -> None:
    found = ferray.confirm(pairs, **TWO_FRESH)
    again = document(command("confirm", pairs, "--top", 1, "--seeds", 2, *INLINE, "--json"))
    assert found is not None
    assert as_json({**found.to_json(), "written": 0}) == {**again, "written": 0}
    assert [reading["by"] for reading in again["readings"]] == ["confirm"]


def test_a_confirmation_has_a_row_each_finalist(pairs: Path) -> None:
    found = ferray.confirm(pairs, **TWO_FRESH)
    assert found is not None
    (row,) = found.frame().to_dict("records")
    assert (row["mean"], row["n"], row["seeds"]) == (found.rows[0].mean, 35, 2)
    assert (row["low"], row["high"]) == found.rows[0].interval


CALLS: dict[str, Callable[[Path], object]] = {
    "two choices": lambda pairs: ferray.evaluate(pairs, trial=0, all=True),
    "no such trial": lambda pairs: ferray.calibrate(pairs, trial=99),
    "no ensemble": lambda pairs: ferray.calibrate(pairs, ensemble=True),
    "ensemble or trial": lambda pairs: ferray.calibrate(pairs, ensemble=True, trial=0),
    "no number": lambda pairs: ferray.evaluate(pairs, trial=1.0),  # type: ignore[arg-type]
    "no number at all": lambda pairs: ferray.evaluate(pairs, trial=[]),
    "a word for a number": lambda pairs: ferray.evaluate(pairs, trial="best"),  # type: ignore[arg-type]
    "two trials of one": lambda pairs: ferray.calibrate(pairs, trial=[0, 1]),  # type: ignore[arg-type]
    "one candidate": lambda pairs: ferray.ensemble(pairs, candidates=1),
    "export of two": lambda pairs: ferray.export(pairs, pairs / "model", ensemble=True, trial=0),
    "a folder that is taken": lambda pairs: ferray.export(pairs, pairs),
    "one seed": lambda pairs: ferray.confirm(pairs, seeds=1),
    "no finalist": lambda pairs: ferray.confirm(pairs, top=0),
    "no such sweep": lambda pairs: ferray.evaluate(pairs / "nowhere"),
    "no such space": lambda pairs: ferray.compare(str(pairs / "nowhere")),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_is_asked_wrongly_is_an_exception(call: Callable[[Path], object], pairs: Path) -> None:
    with pytest.raises(ferray.ConfigError):
        call(pairs)


def test_an_unknown_option_is_named_with_the_nearest(pairs: Path) -> None:
    with pytest.raises(ferray.ConfigError, match=r"`trail` is no option of `ferray\.evaluate`"):
        ferray.evaluate(pairs, trail=1)  # type: ignore[call-arg]  # what a typing error does


def test_all_of_it_works_under_the_loop_of_a_notebook_and_writes_nothing_to_stdout(
    pairs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def cell() -> None:
        ferray.evaluate(pairs)
        ferray.ensemble(pairs)
        ferray.calibrate(pairs)
        ferray.export(pairs, pairs.parent / "model", onnx=False)
        ferray.compare(pairs)
        ferray.confirm(pairs, **{**TWO_FRESH, "quiet": False})

    asyncio.run(cell())
    out, err = capfd.readouterr()
    assert (out, "judging 35 test images" in err) == ("", True)
