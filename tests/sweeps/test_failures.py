"""How much may go wrong before a sweep is given up."""

from __future__ import annotations

import pytest

from ferray.errors import ClusterError, SweepFailed
from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.sweeps.failures import LEAST_LOSSES, Patience

LOST = Outcome(OutcomeKind.FAILED, "its worker was lost", reason=FailureReason.WORKER_LOST)
DISK = Outcome(OutcomeKind.FAILED, "`last.pt` cannot be written: Stale file handle", reason=FailureReason.STORAGE)
BUG = Outcome(OutcomeKind.FAILED, "KeyError: 7", reason=FailureReason.BUG)
RETRIES = 3


@pytest.fixture
def patience() -> Patience:
    return Patience(max_retries=RETRIES, max_failures=2)


def lose(patience: Patience, count: int, failure: Outcome = LOST) -> None:
    for root in range(count):
        patience.trial_ended(patience.worker_lost(failure, root=root, retries=0, is_alone=True))


def test_trial_that_alone_keeps_losing_its_worker_fails(patience: Patience) -> None:
    kinds = [patience.worker_lost(LOST, root=7, retries=before, is_alone=True).kind for before in range(RETRIES + 1)]
    assert kinds == [OutcomeKind.INTERRUPTED] * RETRIES + [OutcomeKind.FAILED]


def test_trial_is_not_to_blame_where_others_lose_their_workers_too(patience: Patience) -> None:
    lose(patience, 1)
    assert patience.worker_lost(LOST, root=7, retries=99, is_alone=True).kind is OutcomeKind.INTERRUPTED


def test_trial_that_runs_alone_is_not_to_blame_for_the_disk(patience: Patience) -> None:
    assert patience.worker_lost(DISK, root=7, retries=99, is_alone=True).kind is OutcomeKind.INTERRUPTED


def test_trial_whose_disk_fails_while_others_run_well_fails_in_the_end(patience: Patience) -> None:
    kinds = [patience.worker_lost(DISK, root=7, retries=before, is_alone=False).kind for before in range(RETRIES + 1)]
    assert kinds == [OutcomeKind.INTERRUPTED] * RETRIES + [OutcomeKind.FAILED]


def test_workers_that_are_lost_again_and_again_end_the_sweep(patience: Patience) -> None:
    lose(patience, LEAST_LOSSES - 1)
    assert not patience.is_over
    lose(patience, 1)
    assert patience.is_over


def test_many_losses_end_with_their_number_and_where_to_look(patience: Patience) -> None:
    lose(patience, LEAST_LOSSES)
    error = patience.error("ferray trials sfew --failed")
    assert isinstance(error, ClusterError)
    assert error.message == "workers were lost 12 times before one epoch ended, at last: its worker was lost"
    assert error.hint.startswith("`ferray trials sfew --failed` lists them")
    assert "`dmesg`" in error.hint


def test_disk_that_fails_again_and_again_is_named(patience: Patience) -> None:
    lose(patience, LEAST_LOSSES, DISK)
    assert patience.why.startswith(
        "a disk failed 12 times before one epoch ended, at last: `last.pt` cannot be written"
    )
    assert patience.error("ferray trials sfew --failed").hint.startswith("mend that disk")


def test_an_epoch_anywhere_starts_the_count_anew(patience: Patience) -> None:
    lose(patience, LEAST_LOSSES - 1)
    patience.epoch_ended()
    lose(patience, 1)
    assert not patience.is_over


def test_a_large_cluster_may_go_away_at_once_and_come_back(patience: Patience) -> None:
    patience.expect(slots=64)
    lose(patience, 64)
    assert not patience.is_over


def test_interruption_between_two_failures_does_not_part_them(patience: Patience) -> None:
    patience.trial_ended(BUG)
    patience.trial_ended(BUG)
    patience.trial_ended(Outcome(OutcomeKind.INTERRUPTED, "the sweep was interrupted"))
    patience.trial_ended(BUG)
    assert isinstance(patience.error("ferray trials sfew --failed"), SweepFailed)
    assert patience.why == "3 trials in a row failed: bug"


def test_trial_that_completes_parts_the_failures_around_it(patience: Patience) -> None:
    patience.trial_ended(BUG)
    patience.trial_ended(BUG)
    patience.trial_ended(Outcome(OutcomeKind.COMPLETED))
    patience.trial_ended(BUG)
    assert not patience.is_over


def test_full_disk_ends_the_sweep_and_costs_no_trial(patience: Patience) -> None:
    full = Outcome(OutcomeKind.FAILED, "no room for `last.pt`", reason=FailureReason.DISK_FULL)
    assert patience.disk_is_full(full).kind is OutcomeKind.INTERRUPTED
    assert patience.why == "the disk is full: no room for `last.pt`"


def test_workers_killed_for_memory_are_met_with_fewer_at_a_time(patience: Patience) -> None:
    killed = Outcome(OutcomeKind.FAILED, "the node ran out of memory", reason=FailureReason.OUT_OF_MEMORY)
    patience.worker_lost(killed, root=0, retries=0, is_alone=False)
    hint = patience.error("ferray trials sfew --failed").hint
    assert hint == "fewer `--max-concurrent` leave more memory to each; `ferray trials sfew --failed` lists them"
