"""Two threads that meet over one message at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from ferray.launch._handover import Abandoned, Handover

WITHIN_S = 600.0


def beside(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_message_is_answered_when_the_next_is_asked_for() -> None:
    handover: Handover[str] = Handover()
    teller = beside(lambda: handover.pass_on("an epoch"))
    assert handover.next(WITHIN_S) == "an epoch"
    assert teller.is_alive()
    assert handover.next(0.0) is None
    teller.join(WITHIN_S)
    assert not teller.is_alive()


def test_nothing_is_heard_where_nobody_speaks() -> None:
    assert Handover[str]().next(0.0) is None


def test_messages_come_one_at_a_time() -> None:
    handover: Handover[int] = Handover()
    answered: list[int] = []
    teller = beside(lambda: [handover.pass_on(number) or answered.append(number) for number in range(3)])
    assert [handover.next(WITHIN_S) for _ in range(3)] == [0, 1, 2]
    assert answered == [0, 1]
    handover.release()
    teller.join(WITHIN_S)


def test_who_waits_for_an_answer_ends_when_the_other_has_left() -> None:
    handover: Handover[str] = Handover()
    ended: list[type[BaseException]] = []

    def tell() -> None:
        try:
            handover.pass_on("an epoch")
        except Abandoned as error:
            ended.append(type(error))

    teller = beside(tell)
    assert handover.next(WITHIN_S) == "an epoch"
    handover.abandon()
    teller.join(WITHIN_S)
    assert ended == [Abandoned]


def test_who_speaks_after_the_other_has_left_ends_at_once() -> None:
    handover: Handover[str] = Handover()
    handover.abandon()
    with pytest.raises(Abandoned):
        handover.pass_on("an epoch")


def test_its_end_is_no_exception_that_tune_would_take_for_a_trials() -> None:
    assert not issubclass(Abandoned, Exception)
