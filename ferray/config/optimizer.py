"""The keys of `optimizer`: how gradients change weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ferray.registry import Params


class OptimizerConfig(Params):
    """The optimiser and its numbers."""

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    """Which one; `adamw` decays weights apart from the gradient."""
    lr: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Learning rate at its highest."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 1e-4
    """Acts on every parameter, biases and norms too."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Speaks to `sgd` alone."""
