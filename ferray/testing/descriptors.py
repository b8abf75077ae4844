"""The contract of descriptors: one check a promise, each for a descriptor with its parameters.

Parametrise over `cases(ROOMS["descriptor"])` and call every function of `CHECKS`, as
tests/descriptors/test_contract_descriptors.py does.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ferray.descriptors import Descriptor
from ferray.testing.corners import check_params_survive_json

IMAGE_SIZE = 48


def image(seed: int) -> NDArray[np.uint8]:
    """Noise (48, 48, 3), which has every orientation and frequency in it."""
    return np.random.default_rng(seed).integers(0, 256, (IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)


def check_a_row_is_float32(descriptor: Descriptor) -> None:
    """One image gives one flat row of float32."""
    row = descriptor.describe(image(0))
    assert row.ndim == 1
    assert row.dtype == np.float32


def check_all_images_of_a_size_have_rows_of_one_length(descriptor: Descriptor) -> None:
    """Rows can be stacked, whatever is to be seen."""
    assert len({len(descriptor.describe(shown)) for shown in (image(0), image(1), np.zeros_like(image(0)))}) == 1


def check_numbers_are_finite(descriptor: Descriptor) -> None:
    """An image of one colour too has a description."""
    assert all(np.isfinite(descriptor.describe(shown)).all() for shown in (image(0), np.full_like(image(0), 255)))


def check_different_images_differ(descriptor: Descriptor) -> None:
    """A description says something about its image."""
    assert not np.array_equal(descriptor.describe(image(0)), descriptor.describe(image(1)))


def check_describing_is_repeatable(descriptor: Descriptor) -> None:
    """The same instance and a fresh one give the same numbers, whatever was described in between."""
    first = descriptor.describe(image(0))
    descriptor.describe(image(1))
    assert np.array_equal(first, descriptor.describe(image(0)))
    assert np.array_equal(first, type(descriptor)(descriptor.params).describe(image(0)))


def check_the_image_is_left_alone(descriptor: Descriptor) -> None:
    """Images are mapped read-only."""
    shown = image(0)
    shown.flags.writeable = False
    descriptor.describe(shown)
    assert np.array_equal(shown, image(0))


def check_survives_pickling(descriptor: Descriptor) -> None:
    """A descriptor reaches another process whole."""
    copy: Descriptor = pickle.loads(pickle.dumps(descriptor))
    assert np.array_equal(copy.describe(image(0)), descriptor.describe(image(0)))


CHECKS: tuple[Callable[[Descriptor], None], ...] = (
    check_params_survive_json,
    check_a_row_is_float32,
    check_all_images_of_a_size_have_rows_of_one_length,
    check_numbers_are_finite,
    check_different_images_differ,
    check_describing_is_repeatable,
    check_the_image_is_left_alone,
    check_survives_pickling,
)
