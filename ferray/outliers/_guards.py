"""What every rule keeps to: how much it may remove at most, and which candidates go first."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    kept = np.bincount(losses.labels, minlength=len(losses.initial_counts))
    gone = [before - now for before, now in zip(losses.initial_counts, kept.tolist(), strict=True)]
    chosen, note = within_guards(candidates, losses, errors, gone, guards)
    return frozenset(losses.sample_ids[chosen].tolist()), note


def within_guards(
    candidates: NDArray[np.int64],
    losses: SampleLosses,
    errors: NDArray[np.float64],
    gone: Sequence[int],
    guards: GuardParams,
) -> tuple[list[int], str]:
    """The candidates (positions) that the guards allow where so many of each class have `gone` before, and the note.

    In the order of `let_go`.
    """
    initial = losses.initial_counts
    left = share_of(guards.max_removed_fraction, sum(initial)) - sum(gone)
    most = (share_of(guards.max_removed_fraction_per_class, count) for count in initial)
    left_in = [allowed - before for allowed, before in zip(most, gone, strict=True)]
    chosen: list[int] = []
    for position in sorted(candidates.tolist(), key=lambda p: (-errors[p], losses.sample_ids[p])):
        label = losses.labels[position]
        if len(chosen) < left and left_in[label] > 0:
            left_in[label] -= 1
            chosen.append(position)
    held_back = len(candidates) - len(chosen)
    return chosen, f"guards kept {held_back} of {len(candidates)} candidates" if held_back else ""


def share_of(fraction: float, count: int) -> int:
    """So many of `count`, rounded down; the small term keeps 0.07 * 100 at 7."""
    return math.floor(fraction * count + 1e-9)
