"""Statistics of BatchNorm layers taken anew."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ferray.models.model import build_model
from ferray.testing.trials import demo_config, packed_samples
from ferray.training.batch_norm import batch_norms, renew_statistics
from ferray.training.batches import prepare_plain
from ferray.training.image_preprocessing import ImagePreprocessing
from ferray.training.network_classifier import NetworkClassifier
from ferray.training.precision import choose_precision


@pytest.fixture
def classifier() -> NetworkClassifier:
    config = demo_config(image_size=16, backbone={"tiny_cnn": {"width": 4, "depth": 3}})
    model = build_model(config, 7)
    preprocessing = ImagePreprocessing(config.pixels, model.input_spec)
    return NetworkClassifier(model, choose_precision("cpu", config.precision), 7, preprocessing)


def batches() -> list:
    samples = packed_samples([0, 1, 2, 3, 4, 5, 6, 0], size=16)
    return [prepare_plain(samples, np.arange(start, start + 4)) for start in (0, 4)]


def test_they_are_the_mean_over_batches(classifier: NetworkClassifier) -> None:
    name, layer = next(iter(batch_norms(classifier.model).items()))
    seen: list[torch.Tensor] = []
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].mean(dim=(0, 2, 3))))
    renew_statistics(classifier, batches(), [name])
    assert torch.allclose(layer.running_mean, torch.stack(seen).mean(dim=0), atol=1e-6)


def test_other_layers_and_the_weights_stay(classifier: NetworkClassifier) -> None:
    before = {name: tensor.clone() for name, tensor in classifier.model.state_dict().items()}
    name = next(iter(batch_norms(classifier.model)))
    renew_statistics(classifier, batches(), [name])
    after = classifier.model.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {f"{name}.running_mean", f"{name}.running_var", f"{name}.num_batches_tracked"}


def test_the_network_is_in_eval_mode_afterwards(classifier: NetworkClassifier) -> None:
    renew_statistics(classifier, batches(), list(batch_norms(classifier.model)))
    assert not any(module.training for module in classifier.model.modules())
    assert {layer.momentum for layer in batch_norms(classifier.model).values()} == {0.1}
