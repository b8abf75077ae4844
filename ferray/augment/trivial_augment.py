"""TrivialAugment: one operation of any strength."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from ferray import registry
from ferray.augment._operations import NAMES, OperationsPolicy, Ranges

_NUM_STRENGTHS = 31


class TrivialAugment(OperationsPolicy):
    """A mirror, then one of fourteen operations at a strength drawn evenly, anew for each image: nothing to search.

    Source: Müller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", ICCV 2021; the
    mirror is the usual step before.
    """

    class Params(registry.Params):
        flip: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Probability of a mirror image."""
        ranges: Ranges = "wide"
        """The publication's two sets of greatest strengths, `wide` or those of RandAugment.

        `wide` turns by up to 135 degrees and shifts by up to 32 pixels, `rand_augment` by 30 degrees and 45 % of the
        side.
        """

    params: Params

    @property
    def ranges(self) -> Ranges:
        return self.params.ranges

    def draw(self, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
        name = NAMES[generator.integers(len(NAMES))]
        yield name, float(generator.integers(_NUM_STRENGTHS)) / (_NUM_STRENGTHS - 1)
