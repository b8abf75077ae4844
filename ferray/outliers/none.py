"""`none`: every training sample stays."""

from __future__ import annotations

from ferray import registry
from ferray.outliers import OutlierRemoval


class NoRemoval(OutlierRemoval):
    """Keep every training sample."""

    class Params(registry.Params):
        """Nothing to choose."""
