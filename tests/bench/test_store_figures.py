"""The figures of `bench.store` and `bench.tpe_window`, and the journal that the first measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import Recording
from bench.store import spread, state_all
from bench.store_file import LEFT_RUNNING, spec, write_journal
from bench.tpe_window import compare
from ferray.study.history import NO_DRIVER, load_sweep
from ferray.study.store import open_store
from ferray.study.study import Study


def test_spread_is_in_milliseconds() -> None:
    assert spread([0.001] * 19 + [0.1]) == {"median": 1.0, "p95": 1.0, "worst": 100.0, "of": 20}


def test_targets_speak_of_medians() -> None:
    slow = {"median": 101.0, "p95": 200.0}
    record = Recording("store", quick=True)
    figures = {
        "leaderboard_s": 3.0,
        "page_s": 6.1,
        "page_peak_mib": 300,
        "continue_s": 11.0,
        "driver_rss_mib": 228.0,
        "report_ms": {"median": {"median": 4.0, "p95": 9.0}},
        "ask_ms": {"gp": slow},
    }
    state_all(record, figures)
    assert {name: figure.is_met for name, figure in record.figures.items()} == {
        "leaderboard": True,
        "page": False,
        "page_peak": None,
        "continue": False,
        "driver_rss": None,
        "report median": True,
        "ask gp": False,
    }


def test_built_journal_continues_as_a_killed_sweep_does(tmp_path: Path) -> None:
    size = write_journal(tmp_path, 200, sampler="random", pruner="none")
    before = load_sweep(tmp_path).trials
    assert len(before) == size["trials"] >= 200
    assert [trial.message for trial in before].count(NO_DRIVER) == LEFT_RUNNING
    study = Study(spec(sampler="random", pruner="none"), open_store(tmp_path))
    study.close()
    after = load_sweep(tmp_path).trials
    assert [trial.outcome for trial in after].count("orphaned") == LEFT_RUNNING
    assert study.num_finished == sum(trial.outcome not in ("interrupted", "orphaned") for trial in after)


def test_comparison_is_paired() -> None:
    # Differences 0.1, 0.3; mean 0.2, standard deviation sqrt(0.02), Student's t for one degree of freedom 12.706.
    figures = compare([(1.1, 1.0), (2.3, 2.0)])
    assert figures["difference"] == pytest.approx(0.2)
    assert figures["interval"] == [pytest.approx(0.2 - 12.706 * 0.1, abs=1e-3), pytest.approx(0.2 + 1.2706, abs=1e-3)]
    assert (figures["plain"], figures["wins"], figures["of"]) == (1.5, 2.0, 2)
