"""RandAugment: a few operations of one strength."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from ferray import registry
from ferray.augment._operations import NAMES, OperationsPolicy, Ranges

_GREATEST = 10.0  # magnitude, in the publication and in timm


class RandAugment(OperationsPolicy):
    """A mirror, then a few of fourteen operations at one magnitude, drawn anew for each image.

    Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", NeurIPS
    2020. A magnitude of 10 is the end of the ranges (a rotation by 30 degrees, a shift by 45 % of the side, ...), which
    torchvision calls 30; the mirror is the usual step before, and the spread of magnitudes is timm's.
    """

    class Params(registry.Params):
        flip: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Probability of a mirror image."""
        num_operations: Annotated[int, Field(ge=1, le=8)] = 2
        """How many operations an image goes through; one may come twice."""
        magnitude: Annotated[float, Field(ge=0, le=10)] = 9.0
        """How strong they are; 0 leaves all but contrast stretching and equalising without effect."""
        magnitude_std: Annotated[float, Field(ge=0, le=10)] = 0.5
        """Standard deviation of the magnitude, drawn anew for each operation and kept within 0 to 10."""

    params: Params
    ranges: Ranges = "rand_augment"

    def draw(self, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
        for _ in range(self.params.num_operations):
            name = NAMES[generator.integers(len(NAMES))]
            magnitude = generator.normal(self.params.magnitude, self.params.magnitude_std)
            yield name, float(np.clip(magnitude, 0, _GREATEST)) / _GREATEST
