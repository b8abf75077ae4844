from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import read_validation_logits
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.events import EpochReport
from ferray.testing.fake_data import sheet_rows, write_sheet_csv
from ferray.testing.trials import demo_config, demo_job
from ferray.training.checkpoint import read_checkpoint
from ferray.training.estimator_trainer import EstimatorTrainer
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import load_predictor
from ferray.training.worker import TrialWorker

FITTED: dict[str, Any] = {"estimator": {"svm": {}}, "descriptor": {"phog": {"levels": 2}}, "epochs": 1}


def fitted(tmp_path: Path, cache: Path, config: TrialConfig) -> EpochReport:
    with EstimatorTrainer(demo_job(tmp_path / "trial", cache, config)) as trainer:
        return trainer.step()


def timeless(report: EpochReport) -> EpochReport:
    clock = ("seconds", "images_per_s")
    return replace(report, metrics={name: value for name, value in report.metrics.items() if name not in clock})


def test_one_epoch_is_reported_and_recorded(tmp_path: Path, cache: Path) -> None:
    report = fitted(tmp_path, cache, demo_config(**FITTED))
    assert (report.epoch, report.epochs, report.is_last, report.is_best) == (1, 1, True, True)
    assert len((tmp_path / "trial" / "history.jsonl").read_text().splitlines()) == 1


def test_the_trainer_knows_its_history_and_its_best(tmp_path: Path, cache: Path) -> None:
    with EstimatorTrainer(demo_job(tmp_path / "trial", cache, demo_config(**FITTED))) as trainer:
        assert trainer.best is None
        report = trainer.step()
        assert trainer.history == (trainer.best,)
        assert trainer.best is not None
        assert trainer.best.metrics["val/uar"] == report.metrics["val/uar"]


def test_fitting_again_gives_the_same_numbers(tmp_path: Path, cache: Path) -> None:
    config = demo_config(**FITTED)
    assert timeless(fitted(tmp_path / "a", cache, config)) == timeless(fitted(tmp_path / "b", cache, config))


def test_what_best_pt_holds_predicts_what_validation_saw(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path / "trial", cache, demo_config(**FITTED))
    with EstimatorTrainer(job) as trainer:
        report = trainer.step()
    val = open_job_inputs(job).val
    predicted = load_predictor(job.path / "best.pt").logits(val).argmax(dim=1)
    assert float((predicted.numpy() == val.labels).mean()) == pytest.approx(report.metrics["val/accuracy"])


def test_the_predictor_repeats_validation(tmp_path: Path, cache: Path) -> None:
    afterwards = {"logit_adjustment": {"mode": "post_hoc"}}
    job = demo_job(tmp_path / "trial", cache, demo_config(**FITTED, imbalance=afterwards))
    with EstimatorTrainer(job) as trainer:
        report = trainer.step()
    judged = load_predictor(job.path / "best.pt").evaluate(open_job_inputs(job).val)
    assert judged.loss == report.metrics["val/loss"]
    assert judged.confusion.tolist() == [list(row) for row in report.confusion]


def test_its_validation_logits_are_kept(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path / "trial", cache, demo_config(**FITTED))
    with EstimatorTrainer(job) as trainer:
        report = trainer.step()
    found = read_validation_logits(TrialArtifacts.at(job.folder))
    assert found is not None
    right = found.logits.argmax(axis=1) == found.labels
    assert float(right.mean()) == pytest.approx(report.metrics["val/accuracy"])


def test_class_weights_change_what_is_fitted(tmp_path: Path, cache: Path) -> None:
    plain = fitted(tmp_path / "a", cache, demo_config(**FITTED))
    weighted = fitted(tmp_path / "b", cache, demo_config(**FITTED, imbalance="class_weights"))
    assert plain.confusion != weighted.confusion


def test_undersampling_fits_fewer_samples(tmp_path: Path, cache: Path) -> None:
    fitted(tmp_path / "a", cache, demo_config(**FITTED))
    fitted(tmp_path / "b", cache, demo_config(**FITTED, imbalance="undersample"))
    counts = [
        len(read_checkpoint(tmp_path / name / "trial" / "best.pt", "best")["estimator"]["machine"]["vectors"])
        for name in ("a", "b")
    ]
    assert counts[1] < counts[0]


def test_an_unknown_objective_is_refused(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path / "trial", cache, demo_config(**FITTED), metric="val/auc")
    with pytest.raises(ConfigError, match="`val/auc` is not a metric"):
        EstimatorTrainer(job)


def test_settings_that_do_not_go_together_are_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ConfigError, match="augment"):
        EstimatorTrainer(demo_job(tmp_path / "trial", cache, demo_config(**{**FITTED, "augment": "light"})))


def test_empty_cells_of_a_table_are_filled(tmp_path: Path) -> None:
    rows = sheet_rows()
    for row in range(0, 40, 3):
        rows[row][5] = None
    config = TrialConfig.model_validate(
        {"dataset": {"sfew_features": {"split": "random"}}, "augment": "none", "estimator": "svm", "epochs": 1}
    )
    job = demo_job(tmp_path / "trial", tmp_path, config, data_root=str(write_sheet_csv(tmp_path, rows)))
    with EstimatorTrainer(job) as trainer:
        assert trainer.step().metrics["train/accuracy"] > 0.5


def test_a_worker_fits_an_estimator_as_it_trains_a_network(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "trials").mkdir()
    worker = TrialWorker(demo_job(tmp_path / "trials" / "0", cache, demo_config(**FITTED)))
    report = worker.step()
    worker.close()
    assert isinstance(report, EpochReport)
    assert report.earlier == ()


def test_the_machine_is_read_back_without_running_code(tmp_path: Path, cache: Path) -> None:
    fitted(tmp_path, cache, demo_config(**FITTED))
    state = torch.load(tmp_path / "trial" / "best.pt", weights_only=True)
    assert state["estimator"]["machine"]["labels"].tolist() == list(range(7))


@pytest.mark.slow
@pytest.mark.parametrize("descriptor", [{"lpq": {"grid": 4}}, {"phog": {"levels": 3}}])
def test_a_machine_beats_chance_on_drawn_faces(descriptor: dict[str, Any], tmp_path: Path, cache: Path) -> None:
    config = demo_config(
        num_train=1000,
        num_val=280,
        image_size=64,
        estimator={"svm": {"C": 10.0}},
        descriptor=descriptor,
        epochs=1,
        imbalance="class_weights",
    )
    report = fitted(tmp_path, cache, config)
    # Chance is 1/7; of 280 faces a recall of 0.3 lies seven standard errors above it.
    assert report.metrics["val/uar"] > 0.3
    assert report.metrics["val/accuracy"] > np.max(np.sum(report.confusion, axis=1)) / report.num_val
