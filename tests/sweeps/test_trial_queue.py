"""Which of the trials that wait share a worker."""

from __future__ import annotations

from typing import Any

from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.study.study import Trial
from ferray.sweeps.trial_queue import TrialQueue

HEAD = {"dataset": "demo", "finetune": "head", "augment": "none", "head": "linear"}


def trial(number: int, **changes: Any) -> Trial:
    return Trial(number, TrialConfig.model_validate({**HEAD, **changes}), {}, "", number)


def queue_of(*sizes: int, each: int = 3, **changes: Any) -> TrialQueue:
    """Heads that wait, by the size of their images in the order of asking."""
    queue = TrialQueue(Runtime(device="cpu", trials_per_worker=each))
    queue.add([trial(number, image_size=size, **changes) for number, size in enumerate(sizes)])
    return queue


def dealt(queue: TrialQueue, *, workers: int = 1) -> list[list[int]]:
    """The numbers of one bundle after another, for so many workers that are free each time."""
    bundles = []
    while bundle := queue.deal(workers):
        bundles.append([trial.number for trial in bundle])
    return bundles


def test_heads_on_the_same_features_go_out_together_longest_waiting_first() -> None:
    assert dealt(queue_of(32, 48, 32, 64, 48, 64, 40)) == [[0, 2], [1, 4], [3, 5, 6]]


def test_all_go_out_where_free_workers_hold_them_those_on_the_same_features_side_by_side() -> None:
    assert dealt(queue_of(32, 48, 32, 64, 40), workers=2) == [[0, 2, 1], [3, 4]]


def test_no_bundle_has_more_than_a_worker_holds() -> None:
    assert dealt(queue_of(32, 32, 32, 48, 32, 32)) == [[0, 1, 2], [3, 4, 5]]


def test_trials_that_do_not_train_as_one_go_out_as_they_came() -> None:
    assert dealt(queue_of(32, 48, 32, 64, finetune="all")) == [[0, 1, 2], [3]]


def test_trial_that_is_to_be_apart_shares_with_nobody() -> None:
    queue = TrialQueue(Runtime(device="cpu", trials_per_worker=3), apart={1})
    queue.add([trial(number) for number in range(3)])
    assert dealt(queue) == [[0, 2], [1]]


def test_trial_that_came_twice_waits_once() -> None:
    queue = queue_of(32)
    queue.add([trial(0, image_size=32)])
    assert dealt(queue) == [[0]]


def test_choice_is_of_use_where_features_differ_and_a_bundle_is_not_full() -> None:
    assert queue_of(32, 48, 32).wants_choice(1)


def test_choice_is_of_no_use_to_bundles_that_are_full() -> None:
    assert not queue_of(32, 32, 48, 32).wants_choice(1)


def test_choice_is_of_no_use_where_all_share_their_features() -> None:
    assert not queue_of(32, 32).wants_choice(1)


def test_choice_is_of_no_use_to_trials_that_do_not_train_as_one() -> None:
    assert not queue_of(32, 48, finetune="all").wants_choice(1)


def test_one_trial_that_trains_by_itself_keeps_all_from_being_asked_ahead() -> None:
    queue = queue_of(32, 48)
    queue.add([trial(2, optimizer={"name": "lion"})])
    assert not queue.wants_choice(1)
