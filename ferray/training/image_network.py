"""`ImageNetwork`: all that stands between images as they are packed and logits, as one module of torch.

N = images, S = side in pixels, C = classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ferray.training.network_classifier import NetworkClassifier, Preprocessing
from ferray.training.precision import Precision


class ImageNetwork(nn.Module):
    """Views, normalisation, network, correction and temperature, in eval mode: what other runtimes are given.

    uint8 RGB (N, S, S, 3) to logits (N, C), those of its predictor; all of it in float32, whatever the trial computed
    in. It shares its weights with the predictor. `size` is S.
    """

    def __init__(
        self,
        classifier: NetworkClassifier,
        correction: Callable[[Tensor], Tensor],
        *,
        size: int,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.network = classifier.model  # so that its weights are this module's
        self.size = size
        self._classifier = replace(classifier, precision=Precision(classifier.precision.device, torch.float32))
        self._correction = correction
        self._temperature = temperature
        self.eval()

    @property
    def preprocessing(self) -> Preprocessing:
        """What makes of images what the network itself is given, (N, 3, S, S)."""
        return self._classifier.preprocessing

    @property
    def temperature(self) -> float:
        """What corrected logits are divided by."""
        return self._temperature

    @property
    def offset(self) -> Tensor:
        """What the correction adds to the network's own logits: (C,)."""
        return self._correction(torch.zeros(1, self._classifier.num_classes))[0]

    def forward(self, images_NSS3: Tensor) -> Tensor:
        logits_NC = self._correction(self._classifier.answer(images_NSS3))
        return logits_NC if self._temperature == 1.0 else logits_NC / self._temperature
