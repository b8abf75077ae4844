"""The pruner `wilcoxon`: paired between folds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.load import validate_spec
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.events import Decision, EpochReport, Outcome, OutcomeKind
from ferray.study.store import open_store
from ferray.study.study import Study

K = 5


def study(folder: Path, pruner: Any) -> Study:
    """Trials of five folds of one epoch each."""
    base = {"epochs": 1, "folds": {"k": K}}
    space = {"optimizer.lr": {"log_uniform": [1e-4, 1e-2]}}
    spec = SweepSpec.model_validate({"name": "x", "dataset": "demo", "pruner": pruner, "base": base, "space": space})
    folder.mkdir(exist_ok=True)
    return Study(spec, open_store(folder))


def fold_report(fold: int, uar: float) -> EpochReport:
    return EpochReport(
        epoch=fold + 1,
        epochs=K,
        metrics={"val/uar": uar, "val/accuracy": uar},
        confusion=((3, 1), (2, 4)),
        classes=("a", "b"),
        num_train=40,
        is_best=True,
        fold=fold,
        folds=K,
    )


def decisions(study: Study, values: list[float]) -> list[Decision]:
    """Run one trial through its folds and end it as it should."""
    number, said = study.ask().number, []
    for fold, value in enumerate(values):
        said.append(study.report(number, fold_report(fold, value)))
        if said[-1] is Decision.STOP:
            break
    study.finish(number, Outcome(OutcomeKind.PRUNED if said[-1] is Decision.STOP else OutcomeKind.COMPLETED))
    return said


def test_a_trial_worse_in_every_fold_is_stopped_at_the_fourth(tmp_path: Path) -> None:
    owner = study(tmp_path, {"wilcoxon": {"p_threshold": 0.1}})
    decisions(owner, [0.5, 0.6, 0.7, 0.8, 0.9])
    # 0.5 ** 3 = 0.125 is not below the threshold, 0.5 ** 4 = 0.0625 is.
    assert decisions(owner, [0.4, 0.3, 0.2, 0.1, 0.0]) == [*[Decision.CONTINUE] * 3, Decision.STOP]


def test_a_trial_that_wins_some_folds_is_let_be(tmp_path: Path) -> None:
    owner = study(tmp_path, {"wilcoxon": {"p_threshold": 0.1}})
    decisions(owner, [0.5, 0.6, 0.7, 0.8, 0.9])
    assert decisions(owner, [0.6, 0.5, 0.8, 0.7, 0.8]) == [Decision.CONTINUE] * K


def test_it_asks_for_folds() -> None:
    with pytest.raises(ConfigError, match="`wilcoxon` compares folds"):
        validate_spec({"name": "x", "dataset": "demo", "pruner": "wilcoxon"}, source="x")


def test_other_pruners_compare_the_mean_of_the_folds_so_far(tmp_path: Path) -> None:
    owner = study(tmp_path, {"median": {"startup_trials": 1, "warmup_fraction": 0.0}})
    decisions(owner, [0.0, 0.6, 0.6, 0.6, 0.6])
    # After two folds 0.1 and 0.52 are 0.31 on average, against 0.3; the second fold alone is worse.
    assert decisions(owner, [0.1, 0.52, 0.0, 0.0, 0.0])[:2] == [Decision.CONTINUE] * 2
