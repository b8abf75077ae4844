from __future__ import annotations

from pathlib import Path

from ferray.testing.trials import demo_config, demo_job
from ferray.training.estimator_trainer import EstimatorTrainer
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.trainers import open_trainer


def test_a_network_is_opened_as_a_trainer(tmp_path: Path, cache: Path) -> None:
    with open_trainer(demo_job(tmp_path / "trial", cache, demo_config())) as trainer:
        assert isinstance(trainer, NetworkTrainer)


def test_an_estimator_is_opened_as_an_estimator_trainer(tmp_path: Path, cache: Path) -> None:
    config = demo_config(estimator="svm", epochs=1)
    with open_trainer(demo_job(tmp_path / "trial", cache, config)) as trainer:
        assert isinstance(trainer, EstimatorTrainer)


def test_the_folds_of_an_estimator_are_fitted_in_turn(tmp_path: Path, cache: Path) -> None:
    config = demo_config(estimator="svm", epochs=1, folds={"kind": "stratified", "k": 2})
    with open_trainer(demo_job(tmp_path / "trial", cache, config)) as trainer:
        assert [trainer.step().is_last, trainer.step().is_last] == [False, True]
