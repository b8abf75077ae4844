"""The keys of `early_stopping`: when a trial has waited long enough for a better epoch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray.registry import Params


class EarlyStoppingConfig(Params):
    """End a trial, as complete, once its objective has not become better for a while; `true` is on, null off."""

    patience: Annotated[int, Field(ge=1, le=10000)] = 5
    """Epochs in a row without a better one after which the trial ends."""
    min_delta: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    """A better epoch is better by more than this."""
