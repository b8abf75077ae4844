"""What a trained trial answers: its best.pt over any samples of its data. N = images, C = classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples, Splits
from ferray.files.read import Readable
from ferray.models.model import without_weights
from ferray.training.assemble import Assembly, assemble
from ferray.training.checkpoint import read_checkpoint, refuse_misfit, taking_apart
from ferray.training.epoch import _plain_batches as plain_batches
from ferray.training.estimator_classifier import EstimatorClassifier
from ferray.training.evaluation import Evaluation, evaluate, score
from ferray.training.inputs import open_job_inputs
from ferray.training.process_state import give_memory_back
from ferray.training.training_set import TrainingSet


@dataclass(frozen=True)
class Judge:
    """A network as its best epoch left it, with the splits it was trained and chosen on.

    `evaluate` judges as validation did, the imbalance strategy's correction of logits included; `logits` are plain.
    """

    config: TrialConfig
    epoch: int
    splits: Splits
    _parts: Assembly

    def evaluate(self, samples: PackedSamples) -> Evaluation:
        """Mean loss and confusion matrix over all of `samples`."""
        batches = plain_batches(self._parts, samples, _all_of(samples))
        return evaluate(self._parts.learner, batches, self._parts.training.strategy.adjust_logits)

    def logits(self, samples: PackedSamples) -> Tensor:
        """Plain logits (N, C) float32 on CPU, in the order of `samples`."""
        return score(self._parts.learner, plain_batches(self._parts, samples, _all_of(samples)))


@dataclass(frozen=True)
class ClassicalJudge:
    """A fitted estimator with the splits it was fitted and chosen on; acts are those of `Judge`."""

    config: TrialConfig
    epoch: int
    splits: Splits
    _classifier: EstimatorClassifier
    _training: TrainingSet

    def evaluate(self, samples: PackedSamples) -> Evaluation:
        """Mean loss and confusion matrix over all of `samples`."""
        return self._classifier.evaluate(samples, self._training.strategy)

    def logits(self, samples: PackedSamples) -> Tensor:
        """Log-probabilities (N, C) float32 on CPU, in the order of `samples`."""
        return self._classifier.logits(samples)


AnyJudge = Judge | ClassicalJudge


@contextmanager
def judging(checkpoint: Readable, job: TrialJob) -> Iterator[AnyJudge]:
    """The trial behind a `best.pt`, on the data, device and threads of `job`, whose own configuration is not looked at.

    Pretrained weights are not asked for again: every weight is the checkpoint's. CheckpointError for a file that is no
    best.pt, or whose weights are not those of its trial's network or no numbers; DataError where the data is missing.
    """
    state = read_checkpoint(checkpoint, "best")
    with taking_apart(checkpoint):
        config = TrialConfig.model_validate(state["config"])
        epoch, removed_ids = int(state["epoch"]), frozenset(state["removed_ids"])
    if config.estimator.name != "none":
        splits = open_job_inputs(replace(job, config=config.to_json()))
        classifier, training = _classifier(checkpoint, state, splits), TrainingSet(splits.train, config.imbalance)
        yield ClassicalJudge(config, epoch, splits, classifier, training)
        return
    parts = assemble(replace(job, config=without_weights(config).to_json(), init_from="", accumulate=1))
    try:
        refuse_misfit(checkpoint, parts.learner.model, state.get("model"))
        with taking_apart(checkpoint):
            parts.learner.model.load_state_dict(state["model"])
            parts.training.remove(removed_ids)
        yield Judge(config, epoch, parts.splits, parts)
    finally:
        parts.prefetcher.close()
        give_memory_back()


def _classifier(checkpoint: Readable, state: dict[str, Any], splits: Splits) -> EstimatorClassifier:
    """The fitted classifier, which answers a row of this data with numbers."""
    with taking_apart(checkpoint):
        classifier = EstimatorClassifier.from_state(state)
        first = replace(splits.train, rows=splits.train.rows[:1], labels=splits.train.labels[:1])
        if not classifier.logits(first).isfinite().all():
            raise ValueError("its answer is not a number")
    return classifier


def _all_of(samples: PackedSamples) -> Any:
    return torch.arange(len(samples)).numpy()
