"""What the store says of a sweep, as plain records: the leaderboard and every report read these alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

TrialState = Literal["complete", "pruned", "failed", "running", "diverged"]


@dataclass(frozen=True)
class TrialRecord:
    """One trial. `metrics` and `confusion` are those of its best epoch, empty when it finished none.

    `value` is the objective: the best epoch's for a complete or pruned trial, None for all others.
    `outcome` is the finer word (`completed`, `pruned`, `diverged`, `failed`, `interrupted`, `orphaned`, `running`).
    `checkpoint` is relative to the sweep's folder, "" when there is none. `superseded_by` names the trial that asks the
    same parameters again after an interruption.
    """

    number: int
    state: TrialState
    outcome: str
    value: float | None
    epochs: int
    epochs_asked: int
    best_epoch: int
    recipe: str
    params: dict[str, Any]
    config: dict[str, Any]
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    num_val: int
    folder: str
    checkpoint: str
    message: str = ""
    error_file: str = ""
    reason: str = ""
    accumulated: int = 1
    seconds: float = 0.0
    superseded_by: int | None = None


@dataclass(frozen=True)
class SweepRecord:
    """A sweep as its store tells it, trials in order of number."""

    name: str
    metric: str
    mode: Literal["max", "min"]
    trials: tuple[TrialRecord, ...]


SCHEMA = 2
SPEC_ATTR = "ferray"  # on the study: {schema, identity, spec, objective}
TRIAL_ATTR = "trial"  # on a trial, written when asked: {config, recipe, epochs, folder}
RESULT_ATTR = "result"  # on a trial, written just before its end is told


def trial_folder(number: int, recipe: str) -> str:
    """The trial's folder inside its sweep's: a function of its number and recipe."""
    return f"trials/{number:04d}-{recipe}"
