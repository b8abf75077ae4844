"""The Gaussian-process sampler proposes by its seed and the record alone."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.samplers import GPSampler
from optuna.trial import Trial
from torch.overrides import TorchFunctionMode

from ferray.study.samplers._stateless_gp import StatelessGPSampler
from ferray.study.store import open_store

optuna.logging.set_verbosity(optuna.logging.ERROR)


def suggest(trial: Trial) -> float:
    rate = math.log10(trial.suggest_float("lr", 1e-5, 1e-1, log=True))
    epochs = trial.suggest_int("epochs", 1, 60)
    loss = trial.suggest_categorical("loss", ["plain", "focal"])
    gamma = trial.suggest_float("gamma", 0.5, 4.0) if loss == "focal" else 1.0  # a branch, drawn at random
    return (loss == "focal") - (rate + 3) ** 2 - ((epochs - 42) / 20) ** 2 - 0.1 * (gamma - 1) ** 2


class ByOptunasWay(StatelessGPSampler):
    """With every call of torch through the mode that Optuna sets."""

    _sample_relative_impl = GPSampler._sample_relative_impl


class Hearing(TorchFunctionMode):
    """Remembers the calls of torch that pass through a mode."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: set[Any] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.heard.add(func)
        return func(*args, **(kwargs or {}))


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


def test_proposals_without_the_mode_are_those_with_it() -> None:
    quick = optuna.create_study(direction="maximize", sampler=sampler())
    slow = optuna.create_study(direction="maximize", sampler=ByOptunasWay(3, n_startup_trials=5))
    assert go_on(quick, 9) == go_on(slow, 9)


def test_a_fit_asks_no_mode_of_torch() -> None:
    study = optuna.create_study(direction="maximize", sampler=sampler())
    go_on(study, 7)
    with Hearing() as mode:
        go_on(study, 1)
    assert mode.heard <= {torch.device}  # by which Optuna sets its own


def test_a_default_device_has_no_say_in_a_fit() -> None:
    study = optuna.create_study(direction="maximize", sampler=sampler())
    go_on(study, 7)
    with torch.device("meta"):
        assert len(go_on(study, 1)) == 8
