"""The chaos benchmark: its plan of blows, and a short run of it on real Ray."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.chaos import GCS, KINDS, LINES_PER_TRIAL, STEP, broken_promises, plan

SEED_OF_STEP = "2"  # whose first blow hits a worker in the middle of a step
WELL = {
    "finished": 6,
    "lost": 0,
    "doubled": 0,
    "left_running": 0,
    "stuck": 0,
    "last_exit_code": 0,
    "against_undisturbed": {"differ": []},
    "processes_left": [],
}


def test_same_seed_deals_the_same_blows() -> None:
    assert plan(7, 20, 40) == plan(7, 20, 40)


def test_every_kind_falls_within_ten_rounds_half_in_steps_and_one_on_the_control_store() -> None:
    kinds = [blow.kind for blow in plan(7, 10, 40)]
    assert sorted(kinds) == sorted(KINDS)
    assert (kinds.count(STEP), kinds.count(GCS)) == (5, 1)


def test_all_blows_fall_before_the_sweep_is_over() -> None:
    assert sum(blow.lines for blow in plan(7, 20, 40)) <= 0.8 * 40 * LINES_PER_TRIAL


def test_nothing_lost_breaks_no_promise() -> None:
    assert broken_promises(WELL, 6, None) == []


@pytest.mark.parametrize("key", ["lost", "doubled", "left_running", "stuck"])
def test_anything_lost_breaks_a_promise(key: str) -> None:
    assert broken_promises({**WELL, key: 1}, 6, None) == [key]


@pytest.mark.ray
def test_sweep_killed_at_random_finishes_with_the_bits_of_an_undisturbed_one() -> None:
    command = [sys.executable, "-m", "bench.chaos", "--seed", SEED_OF_STEP, "--rounds", "1", "--trials", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert (figures["finished"], figures["kills"], figures["against_undisturbed"]["identical"]) == (5, {STEP: 1}, 5)
