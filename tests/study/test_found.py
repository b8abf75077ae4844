"""What is found of a sweep that goes on."""

from __future__ import annotations

from dataclasses import replace

from ferray.events import Found, OutcomeKind
from ferray.study.found import found_in
from ferray.testing.fake_sweep import sweep_record


def test_every_end_that_counts_is_found() -> None:
    assert found_in(sweep_record()).ended == {
        OutcomeKind.COMPLETED: 2,
        OutcomeKind.PRUNED: 1,
        OutcomeKind.FAILED: 1,
        OutcomeKind.DIVERGED: 1,
    }


def test_a_trial_whose_retry_has_begun_is_not_asked_again() -> None:
    assert found_in(sweep_record()).again == 0


def test_a_trial_whose_retry_waits_is_asked_again() -> None:
    record = sweep_record()
    assert found_in(replace(record, trials=record.trials[:6])).again == 1


def test_what_was_asked_and_not_begun_is_counted_apart() -> None:
    record = sweep_record()
    waits = replace(record.trials[6], state="waiting", outcome="waiting")
    assert str(found_in(replace(record, trials=(waits, replace(waits, number=7))))) == "2 waiting"


def test_the_best_is_the_lowest_where_low_is_good() -> None:
    record = sweep_record()
    assert (found_in(record).best, found_in(replace(record, mode="min")).best) == ((4, 0.75), (0, 0.5))


def test_what_was_found_in_words() -> None:
    found = Found({OutcomeKind.COMPLETED: 11, OutcomeKind.PRUNED: 2}, again=2, best=(4, 0.735))
    assert str(found) == "13 finished (11 completed, 2 pruned), 2 asked again, best 0.735 (trial 4)"


def test_nothing_found_is_said_by_nothing() -> None:
    assert str(Found()) == ""
