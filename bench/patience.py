"""What a sweep would have saved by patience within its trials, and what it would have lost: from its histories.

    python -m bench.patience SWEEP [SWEEP ...]

prints one JSON document. `early_stopping` changes nothing of a training but its end, so that the trials of a sweep
without it say exactly what it would have done: of each complete trial of SWEEP (a folder) the epochs up to the one that
each patience ends it at. `saved` is the share of epochs that would not have been trained, `changed` the share of trials
that would count by another epoch, `lost` what their best is worth less, in the mean over all trials, and `best_lost`
what the best of the sweep would have lost.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.study.history import load_sweep

PATIENCES = (2, 3, 5, 10, 15)


def epochs_with(values: Sequence[float], patience: int) -> int:
    """How many epochs are trained, where the higher value is better."""
    best, since = float("-inf"), 0
    for epoch, value in enumerate(values, start=1):
        since = 0 if value > best else since + 1
        best = max(best, value)
        if since >= patience:
            return epoch
    return len(values)


def told(trials: Sequence[Sequence[float]], patience: int) -> dict[str, float]:
    """What one patience would have done to these trials, each its values by epoch."""
    kept = [values[: epochs_with(values, patience)] for values in trials]
    lost = [max(values) - max(part) for values, part in zip(trials, kept, strict=True)]
    return {
        "saved": 1 - sum(map(len, kept)) / sum(map(len, trials)),
        "changed": mean(float(one > 0) for one in lost),
        "lost": mean(lost),
        "best_lost": max(map(max, trials)) - max(map(max, kept)),
    }


def curves(folder: Path) -> list[list[float]]:
    """The objective of each complete trial by epoch, the higher the better."""
    record = load_sweep(folder)
    sign = 1.0 if record.mode == "max" else -1.0
    found = []
    for trial in record.trials:
        if trial.state != "complete" or trial.folds:
            continue
        if history := read_history(SweepArtifacts.of(folder).trial(trial.folder)):
            found.append([sign * float(epoch.metrics[record.metric]) for epoch in history])
    return found


def of_sweep(folder: Path) -> dict[str, Any]:
    trials = curves(folder)
    lengths = sorted(map(len, trials))
    rows = {str(patience): told(trials, patience) for patience in PATIENCES} if trials else {}
    return {
        "sweep": folder.name,
        "trials": len(trials),
        "epochs": lengths[:: max(1, len(lengths) - 1)],
        "patience": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sweeps", type=Path, nargs="+", help="folders of sweeps")
    json.dump([of_sweep(folder) for folder in parser.parse_args().sweeps], sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
