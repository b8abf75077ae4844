"""A cheap policy for aligned faces."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy


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

    def transforms(self, library: Any) -> list[Any]:
        params = self.params
        return [
            library.HorizontalFlip(p=params.flip),
            library.Affine(
                rotate=(-params.degrees, params.degrees),
                translate_percent=(-params.shift, params.shift),
                scale=(1 - params.scale, 1 + params.scale),
                keep_ratio=True,
                border_mode=cv2.BORDER_REPLICATE,
                p=1.0,
            ),
            library.RandomBrightnessContrast(brightness_limit=params.light, contrast_limit=params.light, p=0.8),
        ]
