"""`none`: the control arm."""

from __future__ import annotations

from ferray import registry
from ferray.imbalance import ImbalanceStrategy


class NoStrategy(ImbalanceStrategy):
    """Leave the classes as they are: every sample once an epoch, plain cross-entropy."""

    class Params(registry.Params):
        """Nothing to choose."""
