"""Which nodes are left out as they fail trial after trial, and which are not."""

from __future__ import annotations

import pytest

from ferray.config.job import JobBundle, TrialJob
from ferray.config.trial import TrialConfig
from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.launch._nodes import Node
from ferray.launch._roster import Roster
from ferray.testing.curves import curve_report, saturating

A, B = Node("a1", "gpu-3", "10.0.0.3"), Node("b2", "gpu-4", "10.0.0.4")
REPORT = curve_report(TrialConfig(dataset="demo"), 1, saturating)


class Cluster:
    """Two nodes, and what has been told of them."""

    def __init__(self, *nodes: Node) -> None:
        self.told: list[str] = []
        self.roster = Roster(self.told.append)
        self.roster.look(nodes or (A, B))

    def lose(self, node: Node, *trials: int) -> None:
        """Workers there are lost under these trials, one after another."""
        for trial in trials:
            self.roster.hear_loss(node.id, bundle_of(trial), trial, f"worker {trial} was lost")

    def fail(self, node: Node, reason: FailureReason, message: str) -> None:
        """Three trials fail there, and say so themselves."""
        for trial in range(3):
            failure = Outcome(OutcomeKind.FAILED, message, reason=reason)
            self.roster.hear_result(node.id, bundle_of(trial), trial, failure)

    def train(self, node: Node) -> None:
        """An epoch of another trial ends there."""
        self.roster.hear_result(node.id, bundle_of(99), 99, REPORT)


def bundle_of(trial: int) -> JobBundle:
    return JobBundle((TrialJob(trial, {"seed": trial}, f"trials/{trial}"),))


def test_a_node_that_fails_trial_after_trial_while_others_train_is_left_out_by_name() -> None:
    cluster = Cluster()
    cluster.lose(A, 0)
    cluster.train(B)
    cluster.lose(A, 1, 2)
    assert cluster.told == [
        "node `gpu-3` (10.0.0.3) is left out: 3 different trials in a row failed there while others train elsewhere, "
        "at last: worker 2 was lost"
    ]


def test_it_is_left_out_as_soon_as_an_epoch_ends_elsewhere() -> None:
    cluster = Cluster()
    cluster.lose(A, 0, 1, 2)
    assert cluster.told == []
    cluster.train(B)
    assert cluster.roster.able == [B]


def test_what_fails_everywhere_is_no_nodes_fault() -> None:
    cluster = Cluster()
    cluster.train(B)
    cluster.lose(A, 0, 1, 2)
    cluster.lose(B, 3, 4, 5)
    assert cluster.roster.able == [A, B]


def test_one_trial_that_is_asked_again_and_again_is_one() -> None:
    cluster = Cluster()
    cluster.lose(A, 0, 0, 0)
    cluster.train(B)
    assert cluster.roster.able == [A, B]


def test_a_trial_that_fails_at_two_nodes_is_to_blame_itself() -> None:
    cluster = Cluster()
    cluster.lose(A, 0, 1)
    cluster.lose(B, 1)
    cluster.lose(A, 1, 2)
    cluster.train(B)
    assert cluster.roster.able == [A, B]


def test_an_epoch_that_ends_there_clears_a_node() -> None:
    cluster = Cluster()
    cluster.lose(A, 0, 1)
    cluster.train(A)
    cluster.lose(A, 2)
    cluster.train(B)
    assert cluster.roster.able == [A, B]


def test_the_last_node_is_not_left_out() -> None:
    cluster = Cluster()
    cluster.lose(A, 0, 1)
    cluster.train(B)
    cluster.roster.look([A])
    cluster.lose(A, 2)
    assert cluster.roster.able == [A]


@pytest.mark.parametrize(
    ("reason", "message", "is_of_the_node"),
    [
        (FailureReason.STORAGE, "`/scratch/last.pt` cannot be written: Input/output error", True),
        (FailureReason.BUG, "RuntimeError: No CUDA-capable device is detected", True),
        (FailureReason.BUG, "AcceleratorError: CUDA error: an illegal memory access was encountered", False),
        (FailureReason.BUG, "KeyError: 'weights'", False),
        (FailureReason.OUT_OF_MEMORY, "CUDA driver error: out of memory", False),
        (FailureReason.SETTINGS, "`batch_size` is too large", False),
    ],
)
def test_what_a_configuration_may_do_is_not_counted(reason: FailureReason, message: str, is_of_the_node: bool) -> None:
    cluster = Cluster()
    cluster.fail(A, reason, message)
    cluster.train(B)
    assert (cluster.roster.able == [B]) is is_of_the_node
