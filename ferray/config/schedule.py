"""The keys of `schedule`: the learning rate over a trial."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ferray.registry import Params


class ScheduleConfig(Params):
    """The learning rate over the trial."""

    name: Literal["constant", "cosine", "step"] = "cosine"
    """Constant, cosine to zero, or times `gamma` every `step_epochs`."""
    warmup_epochs: Annotated[float, Field(ge=0, le=50)] = 0.0
    """The rate rises linearly from near zero first, whichever shape follows."""
    step_epochs: Annotated[int, Field(ge=1)] = 10
    """Epochs between two steps of `step`."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1
    """What each step of `step` multiplies the rate by."""
