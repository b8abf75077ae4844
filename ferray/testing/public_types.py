"""What type checkers see of the public functions: `make lint` refuses a change of these types. Nothing here is run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import ferray


def of_a_sweep() -> None:
    """A sweep and what it gives."""
    sweep = ferray.sweep(Path("mine.yaml"), trials=3, set={"optimizer.lr": 1e-3}, time_budget=60, quiet=True)
    assert_type(sweep, ferray.Sweep)
    assert_type(ferray.load("runs/mine"), ferray.Sweep)
    assert_type(sweep.best, ferray.Trial | None)
    assert_type(sweep.trials, tuple[ferray.Trial, ...])
    assert_type(sweep.trial("best"), ferray.Trial)
    assert_type(sweep.trial(3).history, tuple[ferray.EpochReport, ...])
    assert_type(sweep.trial(3).confusion, NDArray[np.int64])
    assert_type(sweep.trial(3).load(), ferray.Predictor)
    assert_type(sweep.trial(3).interval, tuple[float, float] | None)


def of_a_training() -> None:
    """A training and what it gives."""
    trained = ferray.train({"name": "mine", "dataset": "demo"}, epochs=2, listeners=[ferray.Listener()])
    assert_type(trained, ferray.TrainedTrial)
    assert_type(trained.best, ferray.EpochReport)


def of_mistakes() -> None:
    """Each of these is found by a type checker; strict mypy complains of an ignored error that is none."""
    ferray.sweep("demo", trails=3)  # type: ignore[call-arg]
    ferray.sweep("demo", trials="3")  # type: ignore[arg-type]
    ferray.train("demo", launcher="ray")  # type: ignore[call-arg]
    ferray.sweep(3)  # type: ignore[arg-type]
