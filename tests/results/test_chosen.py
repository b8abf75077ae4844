"""Which trials are judged, where some have kept no checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import ConfigError
from ferray.results.chosen import choose_trials
from ferray.results.held_out import HeldOut, write_held_out
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord
from ferray.testing.fake_sweep import sweep_record

COMPLETE = rank(sweep_record()).complete


def without(*lost: TrialRecord) -> SweepRecord:
    """The fake sweep, in which these trials kept nothing."""
    numbers = {trial.number for trial in lost}
    trials = [replace(trial, freed="best=1") if trial.number in numbers else trial for trial in sweep_record().trials]
    return replace(sweep_record(), trials=tuple(trials))


def test_the_best_is_not_replaced_by_one_that_kept_its_checkpoint(tmp_path: Path) -> None:
    best, other = COMPLETE[0].number, ", ".join(str(trial.number) for trial in COMPLETE[1:])
    with pytest.raises(
        ConfigError, match=rf"trial {best} of `fake` has kept no checkpoint \(`--keep best=1`\)"
    ) as error:
        choose_trials(without(COMPLETE[0]), tmp_path)
    assert error.value.hint == f"choose by `--trial` among those that have: {other}"


def test_all_are_not_judged_where_some_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"trial {COMPLETE[1].number} of `fake` has kept no checkpoint"):
        choose_trials(without(COMPLETE[1]), tmp_path, every=True)


def test_where_none_has_any_the_hint_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="have kept no checkpoint") as error:
        choose_trials(without(*COMPLETE), tmp_path, every=True)
    assert "leaderboard fake --json --limit 1" in (error.value.hint or "")


def test_one_that_was_judged_before_may_be_asked_for(tmp_path: Path) -> None:
    best = COMPLETE[0]
    artifacts = TrialArtifacts.at(str(tmp_path / best.folder))
    artifacts.make()
    metrics = {"test/accuracy": 0.5, "test/uar": 0.5, "test/macro_f1": 0.5}
    held_out = HeldOut(best.number, best.recipe, 3, 4, metrics, ((1, 1), (1, 1)), ("Happy", "Sad"), "0" * 64, "0" * 64)
    write_held_out(artifacts, held_out)
    assert json.loads(next(tmp_path.glob("trials/*/test.json")).read_text())["trial"] == best.number
    assert choose_trials(without(best), tmp_path)[0].number == best.number
