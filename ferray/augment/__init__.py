"""The room of augmentation policies over uint8 RGB images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.registry import Params


class AugmentPolicy(ABC):
    """A training-time augmentation; resizing and normalisation are the business of the pack and the trainer.

    One instance belongs to one thread. `apply` is deterministic in (images, seed): the same batch and seed give the
    same pixels whatever came before, so results do not depend on how many threads prepare batches.
    """

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any, image_size: int) -> None:
        self.params = params
        self.image_size = image_size

    @abstractmethod
    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """Augment each image of a batch: uint8 (N, H, W, 3) in and out, same size. The input is not written to."""
