"""`EstimatorClassifier`: a fitted estimator behind its normalisation. N = samples, D = features, C = classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferray.data.samples import PackedSamples
from ferray.estimators import Estimator
from ferray.imbalance import soft_cross_entropy
from ferray.stats.metrics import confusion_matrix
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.evaluation import Evaluation
from ferray.training.feature_preprocessing import FeaturePreprocessing
from ferray.training.predictor_inputs import Samples

CHUNK = 512  # samples judged at a time


@dataclass(frozen=True)
class EstimatorClassifier:
    """A fitted estimator with the normalisation it was fitted behind."""

    estimator: Estimator
    features: FeaturePreprocessing
    num_classes: int

    @classmethod
    def of(cls, checkpoint: BestCheckpoint) -> EstimatorClassifier:
        """The classifier of a best.pt that an `EstimatorTrainer` wrote."""
        choice, parts = checkpoint.config.estimator, checkpoint.parts
        estimator: Estimator = choice.load()(choice.build_params())
        estimator.load_state_dict(parts["estimator"])
        return cls(estimator, FeaturePreprocessing.from_json(parts["features"]), len(checkpoint.classes))

    def logits(self, samples: Samples) -> Tensor:
        """Log-probabilities (N, C) float32 of all samples, in their order."""
        answers = [self.estimator.log_probabilities(rows, self.num_classes) for rows in self._rows(samples)]
        return torch.from_numpy(np.concatenate(answers)).float()

    def evaluate(self, samples: PackedSamples, adjust_logits: Callable[[Tensor], Tensor]) -> Evaluation:
        """Mean cross-entropy and confusion matrix over a split, its logits corrected first."""
        logits_NC, labels_N = adjust_logits(self.logits(samples)), torch.from_numpy(samples.labels)
        targets_NC = torch.nn.functional.one_hot(labels_N, self.num_classes).float()
        loss = float(soft_cross_entropy(logits_NC, targets_NC))
        return Evaluation(loss, confusion_matrix(labels_N, logits_NC.argmax(dim=1), self.num_classes), logits_NC)

    def _rows(self, samples: Samples) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(samples), CHUNK):
            yield normalised_rows(self.features, samples, np.arange(start, min(start + CHUNK, len(samples))))


def normalised_rows(
    features: FeaturePreprocessing, samples: Samples, positions: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The rows at these positions as an estimator is given them: (N, D) float64."""
    rows: NDArray[np.float64] = features(torch.from_numpy(samples.inputs_of(positions))).double().numpy()
    return rows
