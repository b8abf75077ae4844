"""What trials scored on the test split, where `ferray evaluate` has read it: that split itself is not opened here."""

from __future__ import annotations

from dataclasses import dataclass

from ferray.artifacts.sweep import SweepArtifacts
from ferray.results.blinding import Standing, when_read
from ferray.results.held_out import HeldOut, read_held_out
from ferray.results.sweep import Sweep
from ferray.stats.estimates import METRICS, Estimate, Metric


@dataclass(frozen=True)
class Judged:
    """One trial's scores on the test split; `remark` says where the split was read before the sweep had ended."""

    trial: int
    n: int
    scores: dict[Metric, Estimate]
    remark: str


def judged_trials(sweep: Sweep, standing: Standing) -> tuple[Judged, ...]:
    """Those that have been judged, in order of number; DataError where a `test.json` is damaged."""
    artifacts = SweepArtifacts.of(sweep.folder)
    found = [read_held_out(artifacts.trial(trial.folder)) for trial in sweep.record.trials if trial.folder]
    return tuple(_judged(held_out, standing) for held_out in found if held_out is not None)


def _judged(held_out: HeldOut, standing: Standing) -> Judged:
    scores = {metric: held_out.estimate(metric) for metric in METRICS if f"test/{metric}" in held_out.metrics}
    return Judged(held_out.trial, held_out.n, scores, when_read(held_out, standing))
