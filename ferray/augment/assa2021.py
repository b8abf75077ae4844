"""The augmentation of the deep network for FER-2013."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray import registry
from ferray.augment._compose import ComposedPolicy
from ferray.augment._transforms import Cutout, Mirror, Noise, Transform


class Assa2021(ComposedPolicy):
    """Mirror, Gaussian noise, cutout: Assa's list for FER-2013.

    The publication names the three and no numbers, so the defaults are ours. A cutout is one black square, whole within
    the image; noise is the same in all channels, so that grey images stay grey. Source: Assa, deep CNN on FER-2013
    (2021); DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017.
    """

    class Params(registry.Params):
        flip: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Probability of a mirror image."""
        probability: Annotated[float, Field(ge=0, le=1)] = 0.5
        """Of noise, and of a cutout, drawn apart."""
        noise: Annotated[float, Field(ge=0, le=0.5)] = 0.05
        """Greatest standard deviation, drawn anew for each image, white being 1; 0 is none."""
        cutout: Annotated[float, Field(ge=0, le=0.5)] = 0.25
        """The square's side as a fraction of the image's; 0 is none."""

    def transforms(self) -> list[Transform]:
        params, p = self.params, self.params.probability
        transforms: list[Transform] = [Mirror(probability=params.flip)]
        if params.noise:
            transforms.append(Noise(probability=p, most=params.noise))
        side = round(params.cutout * self.image_size)
        if side:
            transforms.append(Cutout(probability=p, side=side))
        return transforms
