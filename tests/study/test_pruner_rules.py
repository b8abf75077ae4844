"""Pruners that keep their figures decide as Optuna's own, report by report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, PercentilePruner, SuccessiveHalvingPruner

from ferray.registry import ROOMS
from ferray.study.pruners import STEPS
from ferray.study.pruners._percent import percentile_of
from ferray.study.store import open_store

PAIRS: list[tuple[str, dict[str, Any], BasePruner]] = [
    ("median", {"startup_trials": 5, "warmup_fraction": 0.25}, MedianPruner(5, 3)),
    ("median", {"startup_trials": 0}, MedianPruner(0)),
    ("percentile", {"keep_percent": 33.3}, PercentilePruner(33.3)),
    ("asha", {}, SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)),
    ("asha", {"reduction_factor": 2, "first_rung_fraction": 0.25}, SuccessiveHalvingPruner(3, 2)),
    ("hyperband", {}, HyperbandPruner(1, STEPS, 3)),
    ("hyperband", {"reduction_factor": 2}, HyperbandPruner(1, STEPS, 2)),
]


def decisions(study: optuna.Study, seed: int, *, num_trials: int = 40) -> list[list[bool]]:
    """What the study's pruner says to noisy curves, eight trials at a time, some of which skip steps or fail."""
    generator, said = np.random.default_rng(seed), [list[bool]() for _ in range(num_trials)]
    waiting, running = list(range(num_trials)), dict[int, tuple[optuna.Trial, list[int], float]]()
    while waiting or running:
        while waiting and len(running) < 8:
            number, stride = waiting.pop(0), int(generator.choice([1, 1, 2, 3, 4]))
            running[number] = study.ask(), list(range(stride, STEPS + 1, stride)), generator.normal()
        for number, (trial, steps, level) in list(running.items()):
            step = steps.pop(0)
            trial.report(float(level + generator.normal() + 0.1 * step), step)
            said[number].append(trial.should_prune() if steps else False)
            if said[number][-1] or not steps:
                end = optuna.trial.TrialState.PRUNED if said[number][-1] else optuna.trial.TrialState.COMPLETE
                state = optuna.trial.TrialState.FAIL if generator.random() < 0.1 else end
                study.tell(trial, level if state is optuna.trial.TrialState.COMPLETE else None, state)
                del running[number]
    return said


@pytest.mark.parametrize(("name", "params", "optunas"), PAIRS)
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_pruner_decides_as_optunas_own(name: str, params: dict[str, Any], optunas: BasePruner, direction: str) -> None:
    factory = ROOMS["pruner"].load(name)
    ours = factory(factory.Params.model_validate(params)).create()
    answers = [
        decisions(optuna.create_study(study_name="s", direction=direction, pruner=pruner), seed=1)
        for pruner in (ours, optunas)
    ]
    assert answers[0] == answers[1]
    assert any(map(any, answers[0]))


@pytest.mark.parametrize(("name", "params", "optunas"), PAIRS)
def test_pruner_goes_on_from_a_store_as_optunas_own(
    name: str, params: dict[str, Any], optunas: BasePruner, tmp_path: Path
) -> None:
    study = optuna.create_study(study_name="s", direction="maximize", storage=open_store(tmp_path), pruner=optunas)
    decisions(study, seed=2, num_trials=25)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "study.journal").write_bytes((tmp_path / "study.journal").read_bytes())
    factory = ROOMS["pruner"].load(name)
    ours = factory(factory.Params.model_validate(params)).create()
    continued = optuna.load_study(study_name="s", storage=open_store(tmp_path / "copy"), pruner=ours)
    assert decisions(continued, seed=3, num_trials=20) == decisions(study, seed=3, num_trials=20)


@pytest.mark.parametrize("percent", [0.0, 12.5, 33.3, 50.0, 75.0, 99.9])
def test_percentile_is_numpys_to_the_last_bit(percent: float) -> None:
    values = sorted(np.random.default_rng(0).normal(size=37).tolist())
    assert percentile_of(values, percent) == np.percentile(values, percent)
