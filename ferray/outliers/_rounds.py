"""When a rule acts: rounds from an epoch on, every so many epochs, so many times."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray.outliers._guards import GuardParams


class RoundParams(GuardParams):
    """Rounds are due every `every` epochs from `start_epoch` on, `max_rounds` of them."""

    start_epoch: Annotated[int, Field(ge=1)] = 6
    """The epoch after which the first round is due."""
    every: Annotated[int, Field(ge=1)] = 1
    """Epochs from one round to the next."""
    max_rounds: Annotated[int, Field(ge=1)] | None = 1
    """How many rounds at most; null is no end."""
    watch: bool = True
    """Score the samples after every epoch, not only when a round is due."""


class Rounds:
    """The rounds of one trial; `done` is all their state."""

    def __init__(self, params: RoundParams) -> None:
        self._params = params
        self.done = 0

    @property
    def are_over(self) -> bool:
        """Whether no further round is to come."""
        return self.done == self._params.max_rounds

    def is_due(self, epoch: int) -> bool:
        """Whether this epoch ends with a round."""
        since_start = epoch - self._params.start_epoch
        return not self.are_over and since_start >= 0 and since_start % self._params.every == 0
