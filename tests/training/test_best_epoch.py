"""The epoch by which a trial counts is decided in one place, from which worker, study and readers have it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

import ferray
from ferray.config.job import TrialJob
from ferray.events import EpochReport, Outcome, OutcomeKind
from ferray.study.history import load_sweep
from ferray.testing.curves import OBJECTIVE, as_told, open_driver, small_spec
from ferray.training.best_epoch import is_best_epoch

PACKAGE = Path(ferray.__file__).parent
LOSS = replace(OBJECTIVE, metric="val/loss", mode="min")
LAST = replace(OBJECTIVE, counts="last")


def report(value: float, *, epoch: int = 1, diverged: bool = False) -> EpochReport:
    metrics = {"val/uar": value, "val/loss": value}
    return EpochReport(epoch, 4, metrics, ((3, 1), (2, 4)), ("a", "b"), 10, diverged=diverged)


@pytest.mark.parametrize("job", [OBJECTIVE, LOSS, LAST], ids=["highest", "lowest", "last"])
@pytest.mark.parametrize("epoch", [report(math.nan), report(math.inf), report(0.5, diverged=True)])
def test_an_epoch_without_a_finite_objective_never_counts(job: TrialJob, epoch: EpochReport) -> None:
    assert not is_best_epoch(epoch, None, job)


@pytest.mark.parametrize("job", [OBJECTIVE, LOSS, LAST], ids=["highest", "lowest", "last"])
def test_the_first_finite_epoch_counts(job: TrialJob) -> None:
    assert is_best_epoch(report(0.5), None, job)


@pytest.mark.parametrize(
    ("job", "counting"),
    [(OBJECTIVE, [True, False, False, True]), (LOSS, [True, False, True, False]), (LAST, [True] * 4)],
    ids=["highest", "lowest", "last"],
)
def test_an_epoch_counts_where_it_beats_those_before(job: TrialJob, counting: list[bool]) -> None:
    told = as_told([report(value) for value in (0.5, 0.5, 0.4, 0.9)], job)
    assert [epoch.is_best for epoch in told] == counting


def test_the_study_believes_the_worker(tmp_path: Path) -> None:
    study = open_driver(tmp_path / "curves", small_spec()).study
    number = study.ask().number
    study.report(number, replace(report(0.9, epoch=1), is_best=False))
    study.report(number, replace(report(0.4, epoch=2), is_best=True))
    study.report(number, replace(report(0.8, epoch=3), is_best=False))
    study.finish(number, Outcome(OutcomeKind.COMPLETED))
    (trial,) = load_sweep(tmp_path / "curves").trials
    assert (trial.value, trial.best_epoch) == (0.4, 2)


def test_values_of_the_objective_are_compared_in_one_place() -> None:
    comparing = re.compile(r'mode == "m(ax|in)"')
    # Optuna's word for the direction, and what a diverged trial is told as.
    translating = {"study/search.py", "config/sweep.py"}
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if comparing.search(path.read_text(encoding="utf-8"))
    }
    assert found - translating == {"stats/ranking.py"}
