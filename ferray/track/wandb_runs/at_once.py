"""Requests to W&B that are made several at a time, and given up at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from ferray.errors import ClusterError

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def at_once(most: int, act: Callable[[Asked], Told], items: Sequence[Asked], over: Event) -> Iterator[Told]:
    """What `act` gives for each, in their order; ClusterError for those that are not begun when it is `over`.

    On daemons, unlike those of a ThreadPoolExecutor: the end of the process waits for no request.
    """
    waiting: SimpleQueue[tuple[Asked, Future[Told]]] = SimpleQueue()
    results: list[Future[Told]] = [Future() for _ in items]
    for pair in zip(items, results, strict=True):
        waiting.put(pair)

    def work() -> None:
        while True:
            try:
                item, result = waiting.get_nowait()
            except Empty:
                return
            try:
                if over.is_set():
                    raise ClusterError("W&B is not waited for any more")
                result.set_result(act(item))
            except Exception as error:  # raised where it is asked for
                result.set_exception(error)

    for number in range(min(most, len(items))):
        Thread(target=work, name=f"ferray-wandb-{number}", daemon=True).start()
    return (result.result() for result in results)
