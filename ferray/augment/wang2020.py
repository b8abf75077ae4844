"""The augmentation of the improved ResNet-50 for SFEW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy
from ferray.augment._transforms import Affine, BrightnessContrast, HueSaturation, Jpeg, Mirror, Transform
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")


class Wang2020(ComposedPolicy):
    """Mirror, brightness, shift-scale-rotate, compression, hue and saturation: Wang's list for SFEW.

    The defaults of the transforms as the publication's albumentations had them, in today's names: RandomBrightness is
    RandomBrightnessContrast without contrast, ShiftScaleRotate is Affine with mirrored borders, JpegCompression is
    ImageCompression. Source: Wang, improved ResNet-50 with bimodal distribution removal (2020).
    """

    class Params(registry.Params):
        probability: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Of each transform, drawn for each image and transform apart."""

    def transforms(self) -> list[Transform]:
        p = self.params.probability
        return [
            Mirror(probability=p),
            BrightnessContrast(probability=p, brightness=0.2, contrast=0),
            Affine(probability=p, degrees=45, shift=0.0625, scale=0.1, border=cv2.BORDER_REFLECT_101),
            Jpeg(probability=p, quality=(99, 100)),
            HueSaturation(probability=p, hue=20, saturation=30, value=20),
        ]
