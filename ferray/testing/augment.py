"""The contract of augmentation policies: one check a promise, each for a function that makes fresh instances of one.

Parametrise over `cases(ROOMS["augment"])` and call every function of `CHECKS`; see tests/augment/test_contract.py.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ferray.augment import AugmentPolicy

IMAGE_SIZE = 32
Fresh = Callable[[], AugmentPolicy]


def batch() -> NDArray[np.uint8]:
    """Four images (4, 32, 32, 3) of noise, black, white and a slope; read-only, so that a write into them raises."""
    images = np.zeros((4, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    images[0] = np.random.default_rng(0).integers(0, 256, images[0].shape, dtype=np.uint8)
    images[2] = 255
    images[3] = np.linspace(0, 255, IMAGE_SIZE, dtype=np.uint8)[:, None, None]
    images.flags.writeable = False
    return images


def check_params_survive_json(fresh: Fresh) -> None:
    """A configuration that went through JSON is the same configuration."""
    policy = fresh()
    text = json.dumps(policy.params.model_dump(mode="json"))
    assert policy.Params.model_validate(json.loads(text)) == policy.params


def check_keeps_shape_and_type(fresh: Fresh) -> None:
    """Pixels change, the batch does not."""
    augmented = fresh().apply(batch(), seed=0)
    assert (augmented.shape, augmented.dtype) == (batch().shape, np.dtype(np.uint8))


def check_takes_images_of_any_size(fresh: Fresh) -> None:
    """The smallest that a trial may have, an odd one and a large one: the check before a sweep relies on it."""
    policy = fresh()
    for size in (16, 37, 160):
        images = np.random.default_rng(size).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
        assert type(policy)(policy.params, size).apply(images, seed=0).shape == images.shape


def check_takes_an_empty_batch(fresh: Fresh) -> None:
    """No images in, none out."""
    assert fresh().apply(batch()[:0], seed=0).shape == (0, IMAGE_SIZE, IMAGE_SIZE, 3)


def check_does_not_write_into_its_input(fresh: Fresh) -> None:
    """The pack under the batch is shared by every trial of a node."""
    images = batch()
    for seed in range(8):
        fresh().apply(images, seed=seed)
    assert np.array_equal(images, batch())


def check_same_seed_gives_same_pixels_whatever_came_before(fresh: Fresh) -> None:
    """Results do not depend on which thread prepared which batches earlier."""
    used = fresh()
    for seed in range(4):
        used.apply(batch(), seed=seed)
    for seed in range(8):
        assert np.array_equal(used.apply(batch(), seed=seed), fresh().apply(batch(), seed=seed))


def check_leaves_the_global_generators_alone(fresh: Fresh) -> None:
    """All randomness comes from the seed handed in."""
    before = repr(np.random.get_state()), random.getstate()  # noqa: NPY002 (this is what must not move)
    fresh().apply(batch(), seed=0)
    assert before == (repr(np.random.get_state()), random.getstate())  # noqa: NPY002


def check_batched_form_keeps_shape_and_type(fresh: Fresh) -> None:
    """What a policy does on a device, if it says that it can, it does to any batch without writing into it."""
    images = batch()
    changed = _batched(fresh, images, seed=0)
    assert (changed.shape, changed.dtype) == (images.shape, np.dtype(np.uint8))
    assert np.array_equal(images, batch())


def check_batched_form_is_the_same_for_the_same_seed(fresh: Fresh) -> None:
    """And takes nothing from torch's own generator."""
    for seed in range(4):
        assert np.array_equal(_batched(fresh, batch(), seed), _batched(fresh, batch(), seed))


def _batched(fresh: Fresh, images: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The batch as torch operations make it; as it is, for a policy that has none."""
    import torch  # seconds, and a check of another package's policy may need none of it

    from ferray.augment._batched import run

    policy = fresh()
    if not policy.is_batched:
        return images
    before = torch.get_rng_state()
    changed = run(policy.steps(len(images), IMAGE_SIZE, IMAGE_SIZE, seed), torch.from_numpy(images.copy()))
    assert torch.equal(torch.get_rng_state(), before)
    return np.asarray(changed.numpy(), dtype=np.uint8)


CHECKS: tuple[Callable[[Fresh], None], ...] = (
    check_params_survive_json,
    check_keeps_shape_and_type,
    check_takes_images_of_any_size,
    check_takes_an_empty_batch,
    check_does_not_write_into_its_input,
    check_same_seed_gives_same_pixels_whatever_came_before,
    check_leaves_the_global_generators_alone,
    check_batched_form_keeps_shape_and_type,
    check_batched_form_is_the_same_for_the_same_seed,
)
