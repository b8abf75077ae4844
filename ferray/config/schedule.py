"""The keys of `schedule`: the learning rate over a trial."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ferray.canonical import added_later
from ferray.registry import Params


class ScheduleConfig(Params):
    """The learning rate over the trial."""

    name: Literal["constant", "cosine", "step", "linear", "polynomial", "one_cycle"] = "cosine"
    """Constant, times `gamma` every `step_epochs`, or to zero by the trial's end along a curve that knows its length.

    Source: Loshchilov and Hutter, "SGDR", ICLR 2017 (cosine); Smith and Topin, "Super-Convergence", 2018 (one_cycle).
    """
    warmup_epochs: Annotated[float, Field(ge=0, le=50)] = 0.0
    """The rate rises linearly from near zero first, whichever shape follows."""
    warmup_steps: Annotated[int, Field(ge=0, le=10**7)] = added_later(0)
    """The same in steps of the optimiser; give one of both."""
    step_epochs: Annotated[int, Field(ge=1)] = 10
    """Epochs between two steps of `step`."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1
    """What each step of `step` multiplies the rate by."""
    power: Annotated[float, Field(gt=0, le=10)] = added_later(0.9)
    """Of `polynomial`: the rate falls as the share of the trial that is left, to this power."""
    rise_fraction: Annotated[float, Field(gt=0, lt=1)] = added_later(0.3)
    """Of `one_cycle`: the share of the trial in which the rate rises from a 25th to the whole."""

    @model_validator(mode="after")
    def _one_warmup(self) -> ScheduleConfig:
        if self.warmup_epochs and self.warmup_steps:
            raise ValueError(
                f"warmup_steps: is `{self.warmup_steps}`, and `warmup_epochs` is `{self.warmup_epochs:g}`: give one"
            )
        return self
