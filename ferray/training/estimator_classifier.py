"""`EstimatorClassifier`: a fitted estimator behind its normalisation. N = samples, D = features, C = classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.estimators import Estimator
from ferray.imbalance import ImbalanceStrategy, soft_cross_entropy
from ferray.stats.metrics import confusion_matrix
from ferray.training.evaluation import Evaluation
from ferray.training.feature_preprocessing import FeaturePreprocessing

CHUNK = 512  # samples judged at a time


@dataclass(frozen=True)
class EstimatorClassifier:
    """A fitted estimator with the normalisation it was fitted behind."""

    estimator: Estimator
    features: FeaturePreprocessing
    num_classes: int

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> EstimatorClassifier:
        """The classifier of a best.pt that an `EstimatorTrainer` wrote, as `read_checkpoint` gives it."""
        choice = TrialConfig.model_validate(state["config"]).estimator
        estimator: Estimator = choice.load()(choice.build_params())
        estimator.load_state_dict(state["estimator"])
        return cls(estimator, FeaturePreprocessing.from_json(state["features"]), len(state["classes"]))

    def logits(self, samples: PackedSamples) -> Tensor:
        """Log-probabilities (N, C) float32 of every sample of a split, in its order."""
        answers = [self.estimator.log_probabilities(rows, self.num_classes) for rows in self._rows(samples)]
        return torch.from_numpy(np.concatenate(answers)).float()

    def evaluate(self, samples: PackedSamples, strategy: ImbalanceStrategy) -> Evaluation:
        """Mean cross-entropy and confusion matrix over a split, logits corrected as the strategy says."""
        logits_NC, labels_N = strategy.adjust_logits(self.logits(samples)), torch.from_numpy(samples.labels)
        targets_NC = torch.nn.functional.one_hot(labels_N, self.num_classes).float()
        loss = float(soft_cross_entropy(logits_NC, targets_NC))
        return Evaluation(loss, confusion_matrix(labels_N, logits_NC.argmax(dim=1), self.num_classes))

    def _rows(self, samples: PackedSamples) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(samples), CHUNK):
            yield normalised_rows(self.features, samples, np.arange(start, min(start + CHUNK, len(samples))))


def normalised_rows(
    features: FeaturePreprocessing, samples: PackedSamples, positions: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The rows at these positions of the split as an estimator is given them: (N, D) float64."""
    rows: NDArray[np.float64] = features(torch.from_numpy(samples.inputs_of(positions))).double().numpy()
    return rows
