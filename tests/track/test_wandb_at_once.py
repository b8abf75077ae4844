"""Several things at a time, on threads that nobody has to wait for."""

from __future__ import annotations

from threading import Event, current_thread

import pytest

from ferray.errors import ClusterError
from ferray.track.wandb_runs.at_once import at_once


def test_results_come_in_the_order_of_what_was_asked() -> None:
    gate = Event()

    def act(number: int) -> int:
        if number == 1:
            gate.wait(timeout=600)
        elif number == 3:
            gate.set()
        return 10 * number

    assert list(at_once(2, act, [1, 2, 3], Event())) == [10, 20, 30]


def test_the_end_of_the_process_waits_for_none_of_them() -> None:
    assert list(at_once(2, lambda _: current_thread().daemon, [1, 2, 3], Event())) == [True] * 3


def test_an_error_is_raised_where_its_result_is_asked_for() -> None:
    with pytest.raises(ZeroDivisionError):
        list(at_once(2, lambda number: 1 / number, [1, 0], Event()))


def test_nothing_is_begun_when_it_is_over() -> None:
    over, begun = Event(), []
    over.set()
    with pytest.raises(ClusterError, match="not waited for any more"):
        list(at_once(2, begun.append, [1, 2], over))
    assert begun == []
