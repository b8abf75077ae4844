"""The keys of `clip`: how large gradients may be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ferray.registry import Params


class ClipConfig(Params):
    """Clip gradients before each step of the optimiser; `true` is on, null off."""

    mode: Literal["norm", "value", "agc"] = "norm"
    """All together by their `norm`, each by its `value`, or those of each unit by its weights (`agc`).

    `agc` leaves the head alone. Source: Pascanu et al., ICML 2013 (norm); Brock et al., "High-Performance Large-Scale
    Image Recognition Without Normalization", ICML 2021 (agc).
    """
    value: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """The greatest norm, the greatest value, or for `agc` the greatest share of the weights' norm, such as 0.01."""
