"""The room of augmentation policies over uint8 RGB images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.registry import Params

if TYPE_CHECKING:
    from ferray.augment._batched import Step


class AugmentPolicy(ABC):
    """A training-time augmentation; resizing and normalisation are the business of the pack and the trainer.

    One instance belongs to one thread. `apply` is deterministic in (images, seed): the same batch and seed give the
    same pixels whatever came before, so results do not depend on how many threads prepare batches.

    A policy that `is_batched` has `steps` too: the same change as torch operations over a batch, for trials that are
    augmented where the network computes. Those of a seed are as deterministic, on one kind of device.
    """

    Params: ClassVar[type[Params]]
    is_batched: ClassVar[bool] = False

    def __init__(self, params: Any, image_size: int) -> None:
        self.params = params
        self.image_size = image_size

    @abstractmethod
    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """Augment each image of a batch: uint8 (N, H, W, 3) in and out, same size. The input is not written to."""

    def steps(self, count: int, height: int, width: int, seed: int) -> list[Step]:
        """What `ferray.augment._batched.run` is to do to a batch of so many images; all numbers are drawn here.

        Asked only of a policy that `is_batched`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no batched form")
