"""Images that lie on the device; the CPU stands in for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ferray.data.samples import PackedSamples
from ferray.testing.trials import packed_samples
from ferray.training.batches import prepare_held, prepare_plain
from ferray.training.device_images import DeviceImages, fits, images_on

CPU = torch.device("cpu")


@pytest.fixture
def parts() -> tuple[PackedSamples, PackedSamples]:
    """Two splits of one pack, of which three images belong to neither."""
    whole = packed_samples([0, 1, 2, 3, 4, 5, 6, 0, 1])
    kept = np.zeros(9, dtype=bool)
    kept[[1, 4, 6, 7]] = True
    other = np.zeros(9, dtype=bool)
    other[[0, 8]] = True
    return whole.only(kept), whole.only(other)


def test_a_batch_of_what_is_held_is_that_of_the_pack(parts: tuple[PackedSamples, PackedSamples]) -> None:
    held, positions = DeviceImages(parts, CPU), np.array([3, 0, 2])
    plain, found = prepare_plain(parts[0], positions), prepare_held(held, parts[0], positions).to(CPU)
    assert torch.equal(found.images, plain.images)
    assert torch.equal(found.labels, plain.labels)


def test_only_images_of_the_splits_are_held(parts: tuple[PackedSamples, PackedSamples]) -> None:
    assert len(DeviceImages(parts, CPU).images) == 6


def test_a_cpu_holds_none_beside_the_mapped_pack(parts: tuple[PackedSamples, PackedSamples]) -> None:
    assert images_on(CPU, parts) is None


def test_images_may_take_a_quarter_of_what_is_free(parts: tuple[PackedSamples, PackedSamples]) -> None:
    size = 6 * 8 * 8 * 3
    assert [fits(parts, free) for free in (4 * size, 4 * size - 1)] == [True, False]


def test_rows_of_features_are_not_held(parts: tuple[PackedSamples, PackedSamples]) -> None:
    rows = np.zeros((9, 4), dtype=np.float32)
    assert not fits([replace(samples, features=rows) for samples in parts], 10**12)
