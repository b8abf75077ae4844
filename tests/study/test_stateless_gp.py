"""The Gaussian-process sampler proposes by its seed and the record alone."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import Trial

from ferray.study.samplers._stateless_gp import StatelessGPSampler
from ferray.study.store import open_store

optuna.logging.set_verbosity(optuna.logging.ERROR)


def suggest(trial: Trial) -> float:
    rate = math.log10(trial.suggest_float("lr", 1e-5, 1e-1, log=True))
    epochs = trial.suggest_int("epochs", 1, 60)
    loss = trial.suggest_categorical("loss", ["plain", "focal"])
    gamma = trial.suggest_float("gamma", 0.5, 4.0) if loss == "focal" else 1.0  # a branch, drawn at random
    return (loss == "focal") - (rate + 3) ** 2 - ((epochs - 42) / 20) ** 2 - 0.1 * (gamma - 1) ** 2


def sampler(seed: int = 3) -> StatelessGPSampler:
    return StatelessGPSampler(seed, n_startup_trials=5)


def study_in(folder: Path) -> optuna.Study:
    folder.mkdir(exist_ok=True)
    return optuna.create_study(
        storage=open_store(folder), study_name="s", sampler=sampler(), direction="maximize", load_if_exists=True
    )


def go_on(study: optuna.Study, num_trials: int) -> list[dict[str, Any]]:
    """Two trials run at any time."""
    running: list[tuple[Trial, float]] = []
    for _ in range(num_trials):
        trial = study.ask()
        running.append((trial, suggest(trial)))
        if len(running) == 2:
            study.tell(*running.pop(0))
    return [trial.params for trial in study.trials]


def test_a_sampler_that_has_only_read_the_record_proposes_what_one_that_went_on_does(tmp_path: Path) -> None:
    study = study_in(tmp_path / "study")
    go_on(study, 12)
    shutil.copytree(tmp_path / "study", tmp_path / "copy")
    assert go_on(study_in(tmp_path / "copy"), 3) == go_on(study, 3)


def test_random_trials_at_the_start_follow_from_the_record_too(tmp_path: Path) -> None:
    study = study_in(tmp_path / "study")
    go_on(study, 2)
    shutil.copytree(tmp_path / "study", tmp_path / "copy")
    assert go_on(study_in(tmp_path / "copy"), 2) == go_on(study, 2)


def test_another_seed_proposes_otherwise() -> None:
    first, second = (optuna.create_study(direction="maximize", sampler=sampler(seed)) for seed in (1, 2))
    assert go_on(first, 3) != go_on(second, 3)
