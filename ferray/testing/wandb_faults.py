"""What goes wrong between W&B and its clients: waits, refusals and connections that break, drawn for each request."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """What one request meets: `delay_s` before its answer, `status` in its place, or a connection that breaks.

    A connection breaks when the request has been done, which nobody hears of: what W&B cannot tell from a lost request.
    """

    delay_s: float = 0.0
    status: int | None = None
    breaks: bool = False


@dataclass
class Faults:
    """Faults by chance, the same for the same seed and order of requests. Fractions are of all requests, in [0, 1]."""

    delay_s: float = 0.0
    errors_fraction: float = 0.0
    breaks_fraction: float = 0.0
    seed: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self) -> Fault:
        """What the next request meets."""
        chance = self._random.random()
        is_error = chance < self.errors_fraction
        breaks = not is_error and chance < self.errors_fraction + self.breaks_fraction
        return Fault(self.delay_s, 500 if is_error else None, breaks)
