"""Statistics of BatchNorm layers taken anew from images, for weights that no training step has ended with."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ferray.training.batches import Batch
from ferray.training.network_classifier import NetworkClassifier


def batch_norms(model: nn.Module) -> dict[str, _BatchNorm]:
    """The layers of a network that keep running statistics, by their names."""
    found = {name: module for name, module in model.named_modules() if isinstance(module, _BatchNorm)}
    return {name: module for name, module in found.items() if module.running_mean is not None}


@torch.no_grad()
def renew_statistics(classifier: NetworkClassifier, batches: Iterable[Batch], names: Collection[str]) -> None:
    """Replace the running statistics of these layers by the mean over batches; all else stays in eval mode, as it is.

    Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018, section 3.1.
    """
    layers = [layer for name, layer in batch_norms(classifier.model).items() if name in names]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    classifier.model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over batches
        layer.train()
    for batch in batches:
        classifier.logits(batch.images)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    classifier.model.eval()
