"""Batches on their way to the device, prepared ahead of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from ferray.training.batches import Batch, Prepared


def _pinned(task: Callable[[], Prepared]) -> Prepared:
    # Only from pinned memory does the copy to a GPU run beside its kernels.
    return task().pinned()


class Prefetcher:
    """Carries batches to the device in order: prepared ahead by threads for a GPU, one by one in place on CPU."""

    def __init__(self, device: torch.device, threads: int) -> None:
        self._device = device
        self._ahead = 2 * threads
        self._pool = ThreadPoolExecutor(threads, "augment") if device.type != "cpu" else None

    def feed(self, tasks: Sequence[Callable[[], Prepared]]) -> Iterator[Batch]:
        """The batches that `tasks` prepare, on the device, in the order of `tasks`."""
        if self._pool is None:
            return (task().to(self._device) for task in tasks)
        return self._prefetched(tasks, self._pool)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _prefetched(self, tasks: Sequence[Callable[[], Prepared]], pool: ThreadPoolExecutor) -> Iterator[Batch]:
        waiting: deque[Future[Prepared]] = deque()
        for task in tasks:
            waiting.append(pool.submit(_pinned, task))
            if len(waiting) > self._ahead:
                yield waiting.popleft().result().to(self._device)
        while waiting:
            yield waiting.popleft().result().to(self._device)
