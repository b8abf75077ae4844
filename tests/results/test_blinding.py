"""When the test split was read, by how far its sweep had come."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import RESOLVED_NAME
from ferray.results.blinding import (
    Standing,
    already_read,
    earliest_reading,
    num_read,
    reading_words,
    readings_of,
    standing_of,
    when_read,
)
from ferray.results.held_out import HeldOut, write_held_out
from ferray.study.records import Reading
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


WHEN = 1_700_000_000.0
DAY = date.fromtimestamp(WHEN).isoformat()  # where this is read
READING = Reading("k", "evaluate", "fake", (4,), when=WHEN, num_ended=5, num_asked=9)


def test_what_was_judged_before_readings_were_kept_is_the_first_one(tmp_path: Path) -> None:
    record = replace(sweep_record(), readings=(READING,))
    for trial in record.trials[:5]:
        own = SweepArtifacts.of(tmp_path).trial(trial.folder)
        own.make()
        own.held_out.write_text("{}")
    undated, kept = readings_of(record, tmp_path)
    assert (undated.trials, undated.when, kept) == ((0, 1, 2, 3), None, READING)


def test_the_reading_of_an_ensemble_is_one_after_the_sweep_is_renamed(tmp_path: Path) -> None:
    reading = replace(READING, by="ensemble", sweep="as it was called")
    record = replace(sweep_record(), readings=(reading,))
    own = SweepArtifacts.of(tmp_path).trial(record.trials[4].folder)
    own.make()
    own.held_out.write_text("{}")
    assert readings_of(record, tmp_path) == (reading,)


def test_a_sweep_that_nobody_judged_has_no_reading(tmp_path: Path) -> None:
    assert readings_of(sweep_record(), tmp_path) == ()


def test_a_reading_in_words_says_how_far_the_search_was() -> None:
    assert reading_words(READING) == f"evaluate of trial 4 on {DAY}, when 5 of 9 trials had ended"


def test_a_reading_at_the_end_says_the_day_alone() -> None:
    ended = replace(READING, by="confirm", trials=(0, 1, 2), num_ended=9)
    assert reading_words(ended) == f"confirm of 3 trials on {DAY}"


def test_trials_to_come_hear_of_a_confirmation(tmp_path: Path) -> None:
    confirmed = replace(READING, by="confirm", sweep="fake-confirm", trials=(0, 1, 2))
    told = already_read(replace(sweep_record(), readings=(confirmed,)), tmp_path / "fake")
    assert told == [f"the test split was read before ({reading_words(confirmed)})"]


def test_the_trainings_of_a_confirmation_are_not_told_of_themselves(tmp_path: Path) -> None:
    confirmed = replace(READING, by="confirm", sweep="fake-confirm")
    assert already_read(replace(sweep_record(), readings=(confirmed,)), tmp_path / "fake-confirm") == []
