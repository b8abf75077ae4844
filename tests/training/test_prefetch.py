from functools import partial

import torch

from ferray.training.batches import Batch
from ferray.training.prefetch import Prefetcher


class UnpinnedBatch(Batch):
    def pinned(self) -> Batch:
        return self

    def to(self, device: torch.device) -> Batch:
        return self


def make_batch(number: int) -> Batch:
    return UnpinnedBatch(torch.zeros(1), torch.tensor([number]))


def test_prefetching_keeps_the_order() -> None:
    prefetcher = Prefetcher(torch.device("meta"), threads=3)
    numbers = [int(batch.labels) for batch in prefetcher.feed([partial(make_batch, number) for number in range(20)])]
    prefetcher.close()
    assert numbers == list(range(20))


def test_cpu_batches_are_prepared_when_they_are_asked_for() -> None:
    prepared: list[int] = []
    prefetcher = Prefetcher(torch.device("cpu"), threads=2)
    batches = iter(
        prefetcher.feed([lambda: prepared.append(0) or make_batch(0), lambda: prepared.append(1) or make_batch(1)])
    )
    next(batches)
    assert prepared == [0]
