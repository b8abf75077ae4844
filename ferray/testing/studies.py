"""The contract of samplers and pruners: a small study over a conditional space runs to its end."""

from __future__ import annotations

from pathlib import Path

from ferray.study.history import load_sweep
from ferray.testing.curves import open_driver, run_curves, small_spec


def assert_sampler_proposes_valid_trials(name: str, folder: Path) -> None:
    """Fifteen trials with diverse outcomes, two at a time; every proposal is a valid configuration."""
    spec = small_spec(sampler={name: {}}, pruner={"median": {"startup_trials": 3}}, budget={"trials": 15})
    run_curves(open_driver(folder, spec), slots=2)
    assert {trial.state for trial in load_sweep(folder).trials} <= {"complete", "pruned"}
    assert len(load_sweep(folder).trials) == 15


def assert_pruner_lets_the_best_trial_finish(name: str, folder: Path) -> None:
    """Thirty trials; every one ends complete or pruned, and at least a few run to their end."""
    spec = small_spec(pruner={name: {}}, base={"epochs": 12}, budget={"trials": 30})
    run_curves(open_driver(folder, spec), slots=2)
    outcomes = [trial.state for trial in load_sweep(folder).trials]
    assert set(outcomes) <= {"complete", "pruned"}
    assert outcomes.count("complete") >= 1
