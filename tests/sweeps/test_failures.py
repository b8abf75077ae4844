"""How much may go wrong before a sweep is given up."""

from __future__ import annotations

import pytest

from ferray.errors import ClusterError, SweepFailed
from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.sweeps.failures import LEAST_LOSSES, FailurePolicy

LOST = Outcome(OutcomeKind.FAILED, "its worker was lost", reason=FailureReason.WORKER_LOST)
NODE = Outcome(OutcomeKind.FAILED, "its node was lost", reason=FailureReason.NODE_LOST)
DISK = Outcome(OutcomeKind.FAILED, "`last.pt` cannot be written: Stale file handle", reason=FailureReason.STORAGE)
BUG = Outcome(OutcomeKind.FAILED, "KeyError: 7", reason=FailureReason.BUG)
RETRIES = 3


@pytest.fixture
def policy() -> FailurePolicy:
    return FailurePolicy(max_retries=RETRIES, max_failures=2)


def lose(policy: FailurePolicy, count: int, failure: Outcome = LOST) -> None:
    for root in range(count):
        policy.trial_ended(policy.worker_lost(failure, root=root, retries=0, is_alone=True))


def test_trial_that_alone_keeps_losing_its_worker_fails(policy: FailurePolicy) -> None:
    kinds = [policy.worker_lost(LOST, root=7, retries=before, is_alone=True).kind for before in range(RETRIES + 1)]
    assert kinds == [OutcomeKind.INTERRUPTED] * RETRIES + [OutcomeKind.FAILED]


def test_trial_is_not_to_blame_where_others_lose_their_workers_too(policy: FailurePolicy) -> None:
    lose(policy, 1)
    assert policy.worker_lost(LOST, root=7, retries=99, is_alone=True).kind is OutcomeKind.INTERRUPTED


def test_trial_that_runs_alone_is_not_to_blame_for_the_disk(policy: FailurePolicy) -> None:
    assert policy.worker_lost(DISK, root=7, retries=99, is_alone=True).kind is OutcomeKind.INTERRUPTED


def test_trial_whose_disk_fails_while_others_run_well_fails_in_the_end(policy: FailurePolicy) -> None:
    kinds = [policy.worker_lost(DISK, root=7, retries=before, is_alone=False).kind for before in range(RETRIES + 1)]
    assert kinds == [OutcomeKind.INTERRUPTED] * RETRIES + [OutcomeKind.FAILED]


def test_workers_that_are_lost_again_and_again_end_the_sweep(policy: FailurePolicy) -> None:
    lose(policy, LEAST_LOSSES - 1)
    assert not policy.is_over
    lose(policy, 1)
    assert policy.is_over


def test_many_losses_end_with_their_number_and_where_to_look(policy: FailurePolicy) -> None:
    lose(policy, LEAST_LOSSES)
    error = policy.error("ferray trials sfew --failed")
    assert isinstance(error, ClusterError)
    assert error.message == "workers were lost 12 times before one epoch ended, at last: its worker was lost"
    assert error.hint.startswith("`ferray trials sfew --failed` lists them")
    assert "`dmesg`" in error.hint


def test_disk_that_fails_again_and_again_is_named(policy: FailurePolicy) -> None:
    lose(policy, LEAST_LOSSES, DISK)
    assert policy.why.startswith("a disk failed 12 times before one epoch ended, at last: `last.pt` cannot be written")
    assert policy.error("ferray trials sfew --failed").hint.startswith("mend that disk")


def test_an_epoch_anywhere_starts_the_count_anew(policy: FailurePolicy) -> None:
    lose(policy, LEAST_LOSSES - 1)
    policy.epoch_ended(root=99)
    lose(policy, 1)
    assert not policy.is_over


def test_trial_is_not_to_blame_for_its_place(policy: FailurePolicy) -> None:
    outcomes = [policy.without_place(NODE, root=7) for _ in range(LEAST_LOSSES)]
    assert {(outcome.kind, outcome.is_blameless) for outcome in outcomes} == {(OutcomeKind.INTERRUPTED, True)}


def test_trial_that_takes_one_place_after_another_with_it_fails(policy: FailurePolicy) -> None:
    for _ in range(LEAST_LOSSES):
        policy.without_place(NODE, root=7)
        policy.epoch_ended(root=8)
    last = policy.without_place(NODE, root=7)
    message = "its node was lost, 13 times before one epoch of this trial ended"
    assert (last.kind, last.message) == (OutcomeKind.FAILED, message)


def test_epoch_of_its_own_makes_up_for_the_places_it_lost(policy: FailurePolicy) -> None:
    outcomes = [policy.without_place(NODE, root=7) for _ in range(LEAST_LOSSES)]
    policy.epoch_ended(root=7)
    outcomes.append(policy.without_place(NODE, root=7))
    assert outcomes[-1].kind is OutcomeKind.INTERRUPTED


def test_a_large_cluster_may_go_away_at_once_and_come_back(policy: FailurePolicy) -> None:
    policy.expect(slots=64)
    lose(policy, 64)
    assert not policy.is_over


def test_interruption_between_two_failures_does_not_part_them(policy: FailurePolicy) -> None:
    policy.trial_ended(BUG)
    policy.trial_ended(BUG)
    policy.trial_ended(Outcome(OutcomeKind.INTERRUPTED, "the sweep was interrupted"))
    policy.trial_ended(BUG)
    assert isinstance(policy.error("ferray trials sfew --failed"), SweepFailed)
    assert policy.why == "3 trials in a row failed: bug"


def test_trial_that_completes_parts_the_failures_around_it(policy: FailurePolicy) -> None:
    policy.trial_ended(BUG)
    policy.trial_ended(BUG)
    policy.trial_ended(Outcome(OutcomeKind.COMPLETED))
    policy.trial_ended(BUG)
    assert not policy.is_over


def test_full_disk_ends_the_sweep_and_costs_no_trial(policy: FailurePolicy) -> None:
    full = Outcome(OutcomeKind.FAILED, "no room for `last.pt`", reason=FailureReason.DISK_FULL)
    assert policy.disk_is_full(full).kind is OutcomeKind.INTERRUPTED
    assert policy.why == "the disk is full: no room for `last.pt`"


def test_workers_killed_for_memory_are_met_with_fewer_at_a_time(policy: FailurePolicy) -> None:
    killed = Outcome(OutcomeKind.FAILED, "the node ran out of memory", reason=FailureReason.OUT_OF_MEMORY)
    policy.worker_lost(killed, root=0, retries=0, is_alone=False)
    hint = policy.error("ferray trials sfew --failed").hint
    assert hint == "fewer `--max-concurrent` leave more memory to each; `ferray trials sfew --failed` lists them"


def test_worker_with_many_trials_is_one_loss(policy: FailurePolicy) -> None:
    for root in range(LEAST_LOSSES - 1):
        policy.bundle_lost(LOST, root=root)
    assert not policy.is_over
    policy.bundle_lost(LOST, root=LEAST_LOSSES)
    assert policy.why == "workers were lost 12 times before one epoch ended, at last: its worker was lost"
