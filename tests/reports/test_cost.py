"""What a sweep cost, and what pruning is estimated to have saved; figures are worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ferray.reports.cost import cost_of, duration
from ferray.testing.fake_sweep import sweep_record


def test_time_and_epochs_add_up_over_all_trials() -> None:
    cost = cost_of(sweep_record(), {})
    assert (cost.seconds, cost.epochs) == (13.5, 9)  # 1.5 s for each of 3 + 1 + 0 + 1 + 2 + 1 + 1 epochs


def test_pruning_saved_the_epochs_that_were_left_at_the_trial_s_own_pace() -> None:
    cost = cost_of(sweep_record(), {})  # trial 1 had 1 of 3 epochs, at 1.5 s
    assert (cost.num_pruned, cost.saved_epochs, cost.saved_s) == (1, 2, 3.0)
    assert cost.saved_fraction == pytest.approx(3.0 / 16.5)


def test_the_pace_is_that_of_the_epochs_where_they_are_known() -> None:
    assert cost_of(sweep_record(), {1: [4.0]}).saved_s == 8.0


def test_a_running_trial_has_cost_its_epochs_so_far() -> None:
    running = replace(sweep_record().trials[6], seconds=0.0)
    cost = cost_of(replace(sweep_record(), trials=(running,)), {6: [1.5]})
    assert cost.seconds == 1.5


def test_a_sweep_that_has_only_begun_has_cost_nothing() -> None:
    cost = cost_of(replace(sweep_record(), trials=()), {})
    assert (cost.seconds, cost.saved_fraction, cost.by_outcome) == (0, 0.0, ())


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42 s"), (720, "12 min"), (12240, "3.4 h"), (7_200_000, "2,000.0 h")]
)
def test_lengths_of_time_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text
