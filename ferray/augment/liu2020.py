"""The augmentation of the small network for SFEW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy
from ferray.augment._transforms import Affine, Mirror, Transform
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")


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

    def transforms(self) -> list[Transform]:
        return [
            Mirror(probability=self.params.flip),
            Affine(probability=1, degrees=self.params.degrees, border=cv2.BORDER_REPLICATE),
        ]
