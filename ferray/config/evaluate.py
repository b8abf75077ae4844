"""The keys of `evaluate`: how an image is looked at when a network is judged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ferray.registry import Params


class EvaluateConfig(Params):
    """Average a network's logits over several views of an image, in validation and wherever the trial answers later."""

    flip: bool = False
    """Each view and its mirror image."""
    crops: Literal[1, 5] = 1
    """1 is the whole image, 5 its corners and its centre: with `flip` the ten crops of AlexNet."""
    crop_fraction: Annotated[float, Field(ge=0.5, lt=1)] = 0.875
    """The side of each of five crops over the image's; a crop is enlarged to the image's size."""

    @property
    def num_views(self) -> int:
        """How often the network is asked about an image."""
        return self.crops * (2 if self.flip else 1)


ONE_VIEW = EvaluateConfig()
