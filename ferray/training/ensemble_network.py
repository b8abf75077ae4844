"""`EnsembleNetwork`: the members of an ensemble as one module of torch. M = members, N = images, C = classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ferray.training.ensemble_predictor import EnsemblePredictor, mean_logits


class EnsembleNetwork(nn.Module):
    """Uint8 RGB images, (N, S, S, 3) for each side of `sizes`, to the ensemble's logits (N, C).

    ConfigError for a member that is no network over images.
    """

    def __init__(self, predictor: EnsemblePredictor) -> None:
        super().__init__()
        self.members = nn.ModuleList(member.network() for member in predictor.members)
        own = [member.checkpoint.image_size for member in predictor.members]
        self.sizes = tuple(sorted(set(own)))
        self._places = [self.sizes.index(size) for size in own]
        self._weights_M = predictor.weights
        self._temperature = predictor.temperature
        self.eval()

    def forward(self, *images_NSS3: Tensor) -> Tensor:
        answers = [member(images_NSS3[place]) for member, place in zip(self.members, self._places, strict=True)]
        return mean_logits(torch.stack(answers), self._weights_M) / self._temperature
