"""The keys of `mixup`: training images and their targets mixed in pairs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ferray.registry import Params


class MixupConfig(Params):
    """Train on mixtures of two images and of their targets, by mixup, by CutMix or by either; `true` is on, null off.

    One draw a batch, whose images are paired first with last, as timm does it. Sources: Zhang et al., "mixup: Beyond
    Empirical Risk Minimization", ICLR 2018; Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers
    with Localizable Features", ICCV 2019.
    """

    alpha: Annotated[float, Field(ge=0, le=10)] = 0.2
    """Of mixup: shares are drawn from Beta(alpha, alpha); 0 is no mixup."""
    cutmix_alpha: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Of CutMix, which pastes a rectangle of one image into the other; 0 is none."""
    prob: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Probability that a batch is mixed."""
    switch_prob: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability of CutMix for a batch that is mixed, where both are on."""

    @model_validator(mode="after")
    def _mixes(self) -> MixupConfig:
        if not self.alpha and not self.cutmix_alpha:
            raise ValueError("alpha: is `0.0`, as `cutmix_alpha` is, which mixes nothing; `mixup: null` is off")
        return self
