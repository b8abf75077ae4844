"""The augmentation of the small network for SFEW."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy


class Liu2020(ComposedPolicy):
    """Mirror and rotation: Liu's list for SFEW.

    The publication gives no angle, read as up to 15 degrees either way; what turns in from outside repeats the border.
    Source: Liu, small CNN on SFEW (2020).
    """

    class Params(registry.Params):
        flip: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Probability of a mirror image."""
        degrees: Annotated[float, Field(ge=0, le=45)] = 15.0
        """Greatest rotation, either way."""

    def transforms(self, library: Any) -> list[Any]:
        degrees = (-self.params.degrees, self.params.degrees)
        return [
            library.HorizontalFlip(p=self.params.flip),
            library.Affine(rotate=degrees, border_mode=cv2.BORDER_REPLICATE, p=1.0),
        ]
