"""What patience would have done to trials that were trained without it."""

from __future__ import annotations

import pytest

from bench.patience import epochs_with, told


def test_a_trial_ends_after_so_many_epochs_without_a_better_one() -> None:
    assert epochs_with([0.1, 0.3, 0.3, 0.2, 0.5], patience=2) == 4  # equal is not better


def test_a_trial_that_improves_is_trained_to_its_end() -> None:
    assert epochs_with([0.1, 0.2, 0.3], patience=1) == 3


def test_what_is_saved_and_lost_is_told() -> None:
    found = told([[0.1, 0.3, 0.2, 0.2, 0.5], [0.1, 0.2, 0.3, 0.4, 0.6]], patience=2)
    assert found == pytest.approx({"saved": 0.1, "changed": 0.5, "lost": 0.1, "best_lost": 0.0})
