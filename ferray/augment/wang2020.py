"""The augmentation of the improved ResNet-50 for SFEW."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy


class Wang2020(ComposedPolicy):
    """Mirror, brightness, shift-scale-rotate, compression, hue and saturation: Wang's list for SFEW.

    The defaults of the transforms as the publication's albumentations had them, in today's names: RandomBrightness is
    RandomBrightnessContrast without contrast, ShiftScaleRotate is Affine with mirrored borders, JpegCompression is
    ImageCompression. Source: Wang, improved ResNet-50 with bimodal distribution removal (2020).
    """

    class Params(registry.Params):
        probability: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Of each transform, drawn for each image and transform apart."""

    def transforms(self, library: Any) -> list[Any]:
        p = self.params.probability
        return [
            library.HorizontalFlip(p=p),
            library.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0, p=p),
            library.Affine(
                translate_percent=(-0.0625, 0.0625),
                scale=(0.9, 1.1),
                rotate=(-45, 45),
                keep_ratio=True,
                border_mode=cv2.BORDER_REFLECT_101,
                p=p,
            ),
            library.ImageCompression(quality_range=(99, 100), p=p),
            library.HueSaturationValue(hue_shift_limit=20, sat_shift_limit=30, val_shift_limit=20, p=p),
        ]
