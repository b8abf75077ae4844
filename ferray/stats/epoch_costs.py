"""What an epoch costs by the parameters of its trial: learnt from trials that ran, asked about those that may.

N = trials, F = columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_KNOWN = 3  # trials, before which the mean is all that is said
RIDGE = 0.1  # keeps a parameter that two trials differ by from explaining all of it


@dataclass(frozen=True)
class Known:
    """A trial that ran: its parameters, and how long an epoch of it took."""

    params: Mapping[str, Any]
    epoch_s: float


class EpochCosts:
    """Ridge regression of the logarithm of an epoch's seconds.

    Words, switches and components are columns of their own; whole numbers, such as the size of images or batches, count
    by their logarithm, since costs grow by their powers. Real numbers, rates and shares, make no epoch longer and are
    left out, as is the number of epochs.
    """

    def __init__(self, known: Sequence[Known]) -> None:
        trials = [trial for trial in known if trial.epoch_s > 0 and math.isfinite(trial.epoch_s)]
        cells = [_cells(trial.params) for trial in trials]
        self._columns = {name: place for place, name in enumerate(sorted({name for row in cells for name in row}))}
        rows_NF = np.array([[row.get(name, 0.0) for name in self._columns] for row in cells], dtype=np.float64)
        logs_N = np.log([trial.epoch_s for trial in trials])
        self.is_known = bool(trials)
        self._mean = float(logs_N.mean()) if trials else 0.0
        self._center_F: NDArray[np.float64] = rows_NF.mean(axis=0) if trials else np.zeros(0)
        self._weights_F = np.zeros(len(self._columns))
        if len(trials) >= LEAST_KNOWN and self._columns:
            centred_NF = rows_NF - self._center_F
            gram_FF = centred_NF.T @ centred_NF + RIDGE * np.eye(len(self._columns))
            self._weights_F[:] = np.linalg.solve(gram_FF, centred_NF.T @ (logs_N - self._mean))

    def epoch_s(self, params: Mapping[str, Any]) -> float:
        """Seconds that an epoch with these parameters may take, 1 while no trial is known.

        What no trial had before, such as another backbone, and what is not said, costs what it cost in the mean.
        """
        row_F, cells = self._center_F.copy(), _cells(params)
        for name, number in cells.items():
            if name not in self._columns:
                continue
            parameter, is_word, _ = name.partition("=")
            for column, place in self._columns.items() if is_word else ():
                row_F[place] = 0.0 if column.startswith(f"{parameter}=") else row_F[place]
            row_F[self._columns[name]] = number
        return math.exp(self._mean + float((row_F - self._center_F) @ self._weights_F))


def _cells(params: Mapping[str, Any]) -> dict[str, float]:
    """The columns that a trial has, and what stands in them; all others are 0."""
    cells: dict[str, float] = {}
    for name, value in params.items():
        if isinstance(value, int) and not isinstance(value, bool):
            cells |= {name: math.log(value)} if value > 0 and name != "epochs" else {}
        elif not isinstance(value, float):
            cells[f"{name}={value}"] = 1.0
    return cells
