"""What every rule keeps to: how much it may remove at most, and which candidates go first."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.outliers import SampleLosses

Fraction = Annotated[float, Field(ge=0, le=1)]


class GuardParams(registry.Params):
    """How much all rounds together may remove at most."""

    max_removed_fraction: Fraction = 0.2
    """Of all training samples, in all rounds together."""
    max_removed_fraction_per_class: Fraction = 0.5
    """Of any one class, in all rounds together."""


def let_go(
    candidates: NDArray[np.int64], losses: SampleLosses, errors: NDArray[np.float64], guards: GuardParams
) -> tuple[frozenset[int], str]:
    """The ids of the candidates (positions) that the guards let go, and a note where they kept some.

    The highest error goes first, equal errors by sample id.
    """
    initial, kept = losses.initial_counts, np.bincount(losses.labels, minlength=len(losses.initial_counts))
    allowed = _allowance(guards.max_removed_fraction, sum(initial), int(kept.sum()))
    allowed_in = [
        _allowance(guards.max_removed_fraction_per_class, before, int(now))
        for before, now in zip(initial, kept, strict=True)
    ]
    removed: list[int] = []
    for position in sorted(candidates, key=lambda p: (-errors[p], losses.sample_ids[p])):
        label = losses.labels[position]
        if len(removed) < allowed and allowed_in[label] > 0:
            allowed_in[label] -= 1
            removed.append(int(losses.sample_ids[position]))
    held_back = len(candidates) - len(removed)
    return frozenset(removed), f"guards kept {held_back} of {len(candidates)} candidates" if held_back else ""


def _allowance(fraction: float, initial: int, kept: int) -> int:
    return max(0, share_of(fraction, initial) - (initial - kept))


def share_of(fraction: float, count: int) -> int:
    """So many of `count`, rounded down; the small term keeps 0.07 * 100 at 7."""
    return math.floor(fraction * count + 1e-9)
