import threading
from functools import partial

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ferray.testing.trials import demo_config, packed_samples
from ferray.training.batches import Batch, TrainingBatches, prepare_plain, split_batches
from ferray.training.training_set import TrainingSet


def light_batches() -> TrainingBatches:
    config = demo_config(augment="light")
    return TrainingBatches(config, TrainingSet(packed_samples([0] * 8, size=32), config.imbalance), 32)


def lengths(count: int, batch_size: int) -> list[int]:
    return [len(batch) for batch in split_batches(np.arange(count), batch_size)]


def test_last_batch_holds_the_rest() -> None:
    assert lengths(10, 4) == [4, 4, 2]


def test_a_last_batch_of_one_joins_the_one_before() -> None:
    assert lengths(9, 4) == [4, 5]


def test_one_sample_is_one_batch() -> None:
    assert lengths(1, 4) == [1]


@given(count=st.integers(2, 300), batch_size=st.integers(2, 40))
def test_batches_hold_every_position_once_and_never_alone(count: int, batch_size: int) -> None:
    batches = split_batches(np.arange(count), batch_size)
    assert np.concatenate(batches).tolist() == list(range(count))
    assert min(map(len, batches)) >= 2


def test_plain_batch_holds_the_images_as_they_are() -> None:
    samples = packed_samples([0, 1, 2])
    batch = prepare_plain(samples, np.array([2, 0]))
    assert np.array_equal(batch.images.numpy(), samples.images[[2, 0]])


def test_plain_batch_holds_the_labels_of_its_positions() -> None:
    assert prepare_plain(packed_samples([4, 5, 6]), np.array([2, 0])).labels.tolist() == [6, 4]


def test_a_batch_has_the_same_pixels_on_every_thread() -> None:
    batches = light_batches()
    prepare = partial(batches.prepare, np.arange(8), epoch=1, index=3)
    elsewhere: list[Batch] = []
    thread = threading.Thread(target=lambda: elsewhere.append(prepare()))
    thread.start()
    thread.join()
    assert torch.equal(elsewhere[0].images, prepare().images)


def test_epochs_augment_differently() -> None:
    batches = light_batches()
    first = batches.prepare(np.arange(8), epoch=1, index=0)
    second = batches.prepare(np.arange(8), epoch=2, index=0)
    assert not torch.equal(first.images, second.images)


def test_targets_are_cut_with_their_images() -> None:
    batch = Batch(torch.zeros(4, 1), torch.arange(4), torch.arange(8.0).view(4, 2))
    assert [piece.targets.tolist() for piece in batch.cut(2)] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


def test_targets_come_along_to_the_device() -> None:
    batch = Batch(torch.zeros(2, 1), torch.arange(2), torch.eye(2)).to(torch.device("meta"))
    assert batch.targets is not None
    assert batch.targets.is_meta
