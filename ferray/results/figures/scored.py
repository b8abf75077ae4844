"""What was scored, as figures name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ferray.results.measured import Measured

SPLIT_NAMES = {"val": "validation images", "test": "test images", "cv": "validation images of all folds"}


@dataclass(frozen=True)
class Scored:
    """A group of trials under its name, and what they scored on `split`."""

    name: str
    split: str
    measured: Measured

    @property
    def basis(self) -> str:
        """`n = 216 test images, 9 seeds`."""
        num_seeds = len(self.measured.by_seed)
        seeds = f", {num_seeds} seeds" if num_seeds > 1 else ""
        return f"n = {self.measured.n:,} {SPLIT_NAMES[self.split]}{seeds}"


def naming(scored: Sequence[Scored]) -> str:
    """`, trial 3` after a title that speaks of one group; nothing where there are several."""
    return f", {scored[0].name}" if len(scored) == 1 else ""
