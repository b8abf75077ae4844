"""The keys of `random_erasing`: a rectangle of a training image that is lost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ferray.registry import Params


class RandomErasingConfig(Params):
    """Erase a rectangle of a training image, after whichever policy `augment` names; null is off.

    It is between 0.3 and 3.3 times as high as wide. Source: Zhong et al., "Random Erasing Data Augmentation", AAAI
    2020.
    """

    probability: Annotated[float, Field(ge=0, le=1)] = 0.25
    """Of each image."""
    min_area: Annotated[float, Field(gt=0, le=0.5)] = 0.02
    """Smallest rectangle, as a fraction of the image."""
    max_area: Annotated[float, Field(gt=0, le=0.5)] = 0.33
    """Largest rectangle, as a fraction of the image."""
    fill: Literal["noise", "black"] = "noise"
    """What comes in its place: a random value for each pixel and channel, or black."""

    @model_validator(mode="after")
    def _areas_are_in_order(self) -> RandomErasingConfig:
        if self.min_area > self.max_area:
            raise ValueError(f"min_area: is `{self.min_area}`, more than `max_area`, `{self.max_area}`")
        return self
