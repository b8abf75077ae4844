"""What is made of two sweeps' values over time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.time_to_target import best_by, compared, new_values, reached_s, summarise

VALUES = [(10.0, 0.3), (20.0, 0.5), (30.0, 0.4), (60.0, 0.7)]


def test_a_target_is_reached_by_the_first_epoch_that_is_as_good() -> None:
    assert (reached_s(VALUES, 0.4), reached_s(VALUES, 0.5), reached_s(VALUES, 0.9)) == (20.0, 20.0, None)


def test_what_comes_after_the_limit_does_not_count() -> None:
    assert (best_by(VALUES, 59.0), best_by(VALUES, 5.0)) == (0.5, 0.0)


def test_a_seed_is_the_share_of_the_stock_stack_s_time() -> None:
    found = compared({"best": 0.5, "wall_s": 80.0}, VALUES)
    assert (found["share"], found["best"], found["gain"]) == (0.25, 0.5, 0.0)  # 20 of 80 s; 0.5 within 40 s


def test_a_target_that_is_not_reached_costs_all_the_time() -> None:
    assert compared({"best": 0.9, "wall_s": 80.0}, VALUES)["share"] == 1.0


def test_seeds_are_told_by_their_median_share_and_mean_gain() -> None:
    rows = [{"share": share, "reached_s": 1.0, "gain": gain} for share, gain in ((0.2, 0.01), (0.3, 0.03), (1.0, 0.02))]
    found = summarise([{**rows[0]}, {**rows[1]}, {**rows[2], "reached_s": None}])
    assert (found["share"], found["reached"]) == (0.3, 2)
    assert found["gain"] == pytest.approx(0.02)
    # Student's t with 2 degrees, 4.303, times 0.01 / sqrt(3)
    assert found["gain_interval"] == pytest.approx((0.02 - 0.02484, 0.02 + 0.02484), abs=1e-4)


def test_each_whole_line_of_a_history_is_heard_once(tmp_path: Path) -> None:
    history = tmp_path / "demo" / "trials" / "0000" / "history.jsonl"
    history.parent.mkdir(parents=True)
    first, second = (json.dumps({"metrics": {"val/uar": value}}) for value in (0.2, 0.3))
    known: dict[Path, int] = {}
    history.write_text(f"{first}\n{second[:10]}")
    assert list(new_values(tmp_path, known)) == [0.2]
    history.write_text(f"{first}\n{second}\n")
    assert list(new_values(tmp_path, known)) == [0.3]
