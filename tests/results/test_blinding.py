"""When the test split was read, by how far its sweep had come."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import RESOLVED_NAME
from ferray.results.blinding import Standing, earliest_reading, num_read, standing_of, when_read
from ferray.results.held_out import HeldOut, write_held_out
from ferray.testing.fake_sweep import sweep_record

READ = HeldOut(0, "1f3a9c2e", 1, 2, {}, ((1, 0), (0, 1)), ("Happy", "Sad"), "", "", num_ended=3, num_asked=6)


def leave(folder: Path, held_out: HeldOut) -> TrialArtifacts:
    artifacts = TrialArtifacts.at(str(folder))
    artifacts.make()
    write_held_out(artifacts, held_out)
    return artifacts


def test_a_sweep_is_open_while_its_budget_is_not_spent(tmp_path: Path) -> None:
    (tmp_path / RESOLVED_NAME).write_text(json.dumps({"budget": {"trials": 9}}))
    standing = standing_of(sweep_record(), tmp_path)
    assert (standing, standing.is_open) == (Standing(5, 9, 1), True)  # the interrupted trial is asked again
    assert str(standing) == "5 of 9 trials have ended, 1 runs"


def test_a_sweep_whose_trials_have_ended_is_closed(tmp_path: Path) -> None:
    record = sweep_record()
    ended = replace(record, trials=tuple(trial for trial in record.trials if trial.state != "running"))
    assert not standing_of(ended, tmp_path).is_open


def test_an_early_reading_is_told_even_when_the_sweep_has_ended() -> None:
    assert when_read(READ, Standing(6, 6, 0)) == "read when 3 of 6 trials had ended"


def test_a_sweep_that_was_extended_after_the_reading_was_read_early() -> None:
    assert when_read(replace(READ, num_ended=6), Standing(10, 10, 0)) == "read when 6 of 10 trials had ended"


def test_a_reading_at_the_end_has_nothing_to_tell() -> None:
    assert when_read(replace(READ, num_ended=6), Standing(6, 6, 0)) == ""


def test_of_a_reading_without_a_date_nothing_is_told() -> None:
    assert when_read(replace(READ, num_ended=None, num_asked=None), Standing(6, 6, 0)) == ""


def test_the_first_of_several_readings_counts(tmp_path: Path) -> None:
    unread = TrialArtifacts.at(str(tmp_path / "unread"))
    trials = [leave(tmp_path / "a", replace(READ, num_ended=5)), leave(tmp_path / "b", READ), unread]
    assert earliest_reading(trials, Standing(6, 6, 0)) == "read when 3 of 6 trials had ended"


def test_judged_trials_are_counted(tmp_path: Path) -> None:
    leave(tmp_path / "trials" / "0000-a", READ)
    assert num_read(tmp_path) == 1
