"""`ImageNetwork`: all that stands between images as they are packed and logits, as one module of torch.

N = images, S = side in pixels, C = classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ferray.training.network_classifier import NetworkClassifier
from ferray.training.precision import Precision


class ImageNetwork(nn.Module):
    """Views, normalisation, network and correction, in eval mode: what other runtimes are given.

    uint8 RGB (N, S, S, 3) to logits (N, C), those of its predictor; all of it in float32, whatever the trial computed
    in. It shares its weights with the predictor.
    """

    def __init__(self, classifier: NetworkClassifier, adjust_logits: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = classifier.model  # so that its weights are this module's
        self._classifier = replace(classifier, precision=Precision(classifier.precision.device, torch.float32))
        self._adjust_logits = adjust_logits
        self.eval()

    def forward(self, images_NSS3: Tensor) -> Tensor:
        return self._adjust_logits(self._classifier.answer(images_NSS3))
