"""The door to the test split: it stands open while a trained model is judged by it, and at no other time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IS_OPEN: ContextVar[bool] = ContextVar("the test split is open", default=False)


class SplitIsSealed(RuntimeError):
    """Something other than the judging of a model wants to read the test split: a mistake of ours."""


@contextmanager
def judging(remember: Callable[[], None]) -> Iterator[None]:
    """Within the block, in this thread, the test split can be read; `remember` has written down that it is, before.

    Of `ferray evaluate` and `ferray confirm` alone: import-linter lets nobody else import it. What `remember` raises
    keeps the door shut.
    """
    remember()
    token = _IS_OPEN.set(True)
    try:
        yield
    finally:
        _IS_OPEN.reset(token)


def refuse_unless_judging() -> None:
    """SplitIsSealed where no model is being judged."""
    if not _IS_OPEN.get():
        raise SplitIsSealed("the test split is read where a trained model is judged, and nowhere else")
