"""A cheap policy for aligned faces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy
from ferray.augment._transforms import Affine, BrightnessContrast, Mirror, Transform
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")


class Light(ComposedPolicy):
    """Mirror, a small shift, scale and rotation, and a change of light: cheap, for aligned faces."""

    class Params(registry.Params):
        flip: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Probability of a mirror image."""
        degrees: Annotated[float, Field(ge=0, le=45)] = 10.0
        """Greatest rotation, either way."""
        shift: Annotated[float, Field(ge=0, le=0.5)] = 0.06
        """Greatest shift, relative to the side."""
        scale: Annotated[float, Field(ge=0, le=0.5)] = 0.08
        """Greatest change of size, relative."""
        light: Annotated[float, Field(ge=0, le=1)] = 0.2
        """Greatest change of brightness, relative."""

    def transforms(self) -> list[Transform]:
        params, border = self.params, cv2.BORDER_REPLICATE
        return [
            Mirror(probability=params.flip),
            Affine(probability=1, degrees=params.degrees, shift=params.shift, scale=params.scale, border=border),
            BrightnessContrast(probability=0.8, brightness=params.light, contrast=params.light),
        ]
