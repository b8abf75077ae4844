"""`EstimatorTrainer`: an estimator fitted once, with the acts of a trainer. N = samples, D = features, C = classes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ferray.artifacts.claim import claim
from ferray.artifacts.history import EpochLog
from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, write_validation_logits
from ferray.config.job import TrialJob
from ferray.config.modality import image_size, refuse_mismatch
from ferray.estimators import Estimator
from ferray.events import EpochReport
from ferray.stats.metrics import metrics_of
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.best_epoch import is_best_epoch
from ferray.training.checkpoint import write_checkpoint
from ferray.training.epoch import refuse_unknown_objective
from ferray.training.estimator_classifier import EstimatorClassifier, normalised_rows
from ferray.training.feature_preprocessing import FeaturePreprocessing
from ferray.training.inputs import open_job_inputs
from ferray.training.process_state import give_memory_back
from ferray.training.sample_weights import class_weights_of
from ferray.training.seeding import derive_generator, derive_seed
from ferray.training.trainer import OnBatch
from ferray.training.training_set import TrainingSet, class_counts_without


class EstimatorTrainer:
    """A trial whose one epoch fits an estimator to the training split; acts are those of `NetworkTrainer`.

    The imbalance strategy chooses which samples are fitted, and how often each counts. best.pt holds the fitted
    numbers as tensors under `estimator`, the normalisation under `features`, and beside them what a network's holds;
    `load_predictor` answers by it. There is nothing to go on from halfway, so there is no last.pt.
    """

    epochs_saved = 0

    def __init__(self, job: TrialJob, on_batch: OnBatch | None = None) -> None:
        self.job = job
        self.epochs_done = 0
        self._on_batch = on_batch
        self._config = job.trial_config()
        refuse_mismatch(self._config)
        self._artifacts = TrialArtifacts.at(job.folder)
        claim(self._artifacts, self._config)
        self._log = EpochLog(self._artifacts)
        torch.set_num_threads(job.threads)
        self._splits = open_job_inputs(job)
        refuse_unknown_objective(job.metric, self._splits.val)
        self._training = TrainingSet(self._splits.train, self._config.imbalance)
        self._log.restart([])

    def __enter__(self) -> EstimatorTrainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def history(self) -> tuple[EpochReport, ...]:
        """The one epoch, once it has been."""
        return self._log.reports

    @property
    def best(self) -> EpochReport | None:
        """The one epoch, once it has been."""
        return next((report for report in self.history if report.is_best), None)

    def step(self) -> EpochReport:
        """Fit, judge, and record both in the folder."""
        assert not self.epochs_done, "the trial has had its last epoch"
        started = time.perf_counter()
        classifier = self._fit()
        fitted_s = time.perf_counter() - started
        report, val_logits = self._evaluate(classifier, fitted_s)
        report = replace(
            report,
            metrics={**report.metrics, "seconds": time.perf_counter() - started},
            is_best=is_best_epoch(report, None, self.job),
        )
        val = self._splits.val
        found = ValidationLogits(1, val.classes, val.sample_ids, val.labels, val_logits.numpy())
        write_validation_logits(self._artifacts, found)
        write_checkpoint(self._artifacts.best, "best", self._best_state(classifier, report))
        self._log.append(report)
        self.epochs_done = 1
        if self._on_batch is not None:
            self._on_batch(1, 1)
        return report

    def upcoming(self) -> None:
        """No network's epoch."""

    def save(self) -> None:
        """Nothing: an estimator is fitted whole or not at all."""

    def save_best(self) -> None:
        """Nothing: best.pt is there as soon as it is fitted."""

    def discard(self) -> None:
        """Nothing: there is no last.pt."""

    def close(self) -> None:
        """Give the memory back."""
        give_memory_back()

    def _fit(self) -> EstimatorClassifier:
        config, training = self._config, self._training
        samples, num_classes = training.samples, len(training.samples.classes)
        order = training.strategy.sampler(samples.labels[training.kept], derive_generator(config.seed, "order", 1))
        positions = training.kept if order is None else training.kept[order]
        criterion = training.strategy.criterion(0.0)
        weights_C = class_weights_of(criterion, num_classes, config.imbalance.name).numpy()
        features = FeaturePreprocessing.of_training(config.pixels, samples)
        estimator: Estimator = config.estimator.load()(config.estimator.build_params())
        estimator.fit(
            normalised_rows(features, samples, positions),
            samples.labels[positions],
            weights_N=weights_C[samples.labels[positions]],
            seed=derive_seed(config.seed, "estimator"),
        )
        return EstimatorClassifier(estimator, features, num_classes)

    def _evaluate(self, classifier: EstimatorClassifier, fitted_s: float) -> tuple[EpochReport, Tensor]:
        """What is told of it, and the logits (N, C) that validation was judged by."""
        train, val, strategy = self._splits.train, self._splits.val, self._training.strategy
        trained, judged = (classifier.evaluate(samples, strategy.adjust_logits) for samples in (train, val))
        report = EpochReport(
            epoch=1,
            epochs=1,
            metrics={
                "train/loss": trained.loss,
                "train/accuracy": float(trained.confusion.diag().sum()) / len(train),
                "val/loss": judged.loss,
                **metrics_of(judged.confusion, val.classes),
                "lr": 0.0,
                "images_per_s": len(train) / fitted_s,
            },
            confusion=tuple(map(tuple, judged.confusion.tolist())),
            classes=val.classes,
            num_train=len(self._training.kept),
        )
        return report, judged.logits

    def _best_state(self, classifier: EstimatorClassifier, report: EpochReport) -> dict[str, Any]:
        return BestCheckpoint(
            config=self._config,
            classes=report.classes,
            class_counts=class_counts_without(self._training.samples, ()),
            image_size=image_size(self._config),
            epoch=report.epoch,
            metrics=report.metrics,
            confusion=report.confusion,
            removed_ids=(),
            parts={"estimator": classifier.estimator.state_dict(), "features": classifier.features.to_json()},
        ).to_state()
