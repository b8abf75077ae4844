from __future__ import annotations

from dataclasses import replace

import pytest

from ferray.errors import ConfigError, DataError
from ferray.results.groups import groups_of
from ferray.testing.fake_arms import arms_record, arms_spec
from ferray.testing.fake_sweep import sweep_record

RECORD = arms_record(arms_spec(), {"plain": (40, 44), "cleaned": (50, 48)})


def test_every_arm_is_a_group_of_its_seeds() -> None:
    assert [(group.name, len(group.trials)) for group in groups_of(RECORD)] == [("plain", 2), ("cleaned", 2)]


def test_without_arms_the_best_trial_stands_alone() -> None:
    assert [group.name for group in groups_of(sweep_record())] == ["trial 4 (best)"]


def test_trials_can_be_asked_for() -> None:
    assert [group.name for group in groups_of(RECORD, [3, 0, 3])] == ["trial 3", "trial 0"]


def test_an_unknown_trial_is_named() -> None:
    with pytest.raises(ConfigError, match="no trial `9`"):
        groups_of(RECORD, [9])


def test_a_sweep_without_a_complete_trial_is_named() -> None:
    with pytest.raises(DataError, match="no trial of `two` is complete"):
        groups_of(replace(RECORD, trials=()))
