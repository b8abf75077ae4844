"""The keys of `ema`: the moving average of the weights that is judged in their place."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray.registry import Params


class EmaConfig(Params):
    """Judge and keep a moving average of the weights in their place; `true` is on, null off."""

    decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """How much of the average stays at each step; 0 is the weights themselves."""
    warmup: bool = True
    """Begin with a shorter memory, that of 1 - (1 + steps / `warmup_gamma`) ** -`warmup_power`, up to `decay`."""
    warmup_gamma: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Steps that count as one in the warm-up."""
    warmup_power: Annotated[float, Field(gt=0, le=1)] = 2 / 3
    """How fast the memory grows in the warm-up."""
    update_after_step: Annotated[int, Field(ge=0, le=10**7)] = 0
    """Steps after which averaging begins; the average is the weights themselves until then."""
