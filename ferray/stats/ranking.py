"""Which of two values of the objective is better: the one comparison by which epochs, trials and checkpoints rank."""

from __future__ import annotations

import math
from typing import Literal

Mode = Literal["max", "min"]


def sign(mode: Mode) -> int:
    """What a value is multiplied by so that more is better."""
    return 1 if mode == "max" else -1


def best_first(value: float | None, mode: Mode) -> float:
    """A key that sorts values from the best to the worst; None and what is not a finite number come last."""
    if value is None or not math.isfinite(value):
        return math.inf
    return -sign(mode) * value


def is_better(value: float | None, than: float | None, mode: Mode) -> bool:
    """Whether a value beats another; a tie does not, and what is no finite number beats nothing."""
    return best_first(value, mode) < best_first(than, mode)


def trial_rank(number: int, value: float | None, mode: Mode) -> tuple[float, int]:
    """A key that sorts trials from the best to the worst, ties by the lower number."""
    return best_first(value, mode), number
