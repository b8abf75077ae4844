"""The room of descriptors: one image to one row of numbers, for estimators and for networks over features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.registry import Params


class Descriptor(ABC):
    """Describes an image by D numbers that depend on its pixels and the parameters alone, so that rows are kept."""

    Params: ClassVar[type[Params]]
    version: ClassVar[int] = 1  # raised when the numbers change, so that kept ones are not served

    def __init__(self, params: Any) -> None:
        self.params = params

    @abstractmethod
    def describe(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The features (D,) of one uint8 RGB image; D is the same for all images of one size."""
