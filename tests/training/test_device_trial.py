"""A training on noise does what a trial's does, so that what it takes and gives is the trial's."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.training.device_trial import DeviceTrial


def workload(num_inputs: int | None = None, **keys: Any) -> Workload:
    config = TrialConfig.model_validate(
        {"dataset": "demo", "backbone": "tiny_cnn", "image_size": 16, "augment": "none", **keys}
    )
    return Workload.of(config, image_size=16, num_classes=3, num_inputs=num_inputs)


@pytest.mark.parametrize(
    "keys",
    [
        {"batch_size": 2},
        {"optimizer": {"name": "sgd"}, "evaluate": {"flip": True}},
        {"finetune": "head"},
    ],
)
def test_every_kind_of_training_trains_on_noise(keys: dict[str, Any]) -> None:
    trial = DeviceTrial(workload(**keys), "cpu")
    assert trial.images_per_s(0.0) > 0
    trial.close()


def test_rows_of_features_are_trained_on_too() -> None:
    trial = DeviceTrial(workload(num_inputs=12, backbone="features_mlp"), "cpu")
    assert trial.images_per_s(0.0) > 0


def test_sides_and_classes_are_those_that_were_asked_for() -> None:
    trial = DeviceTrial(workload(), "cpu")
    assert trial._parts is not None
    splits = trial._parts.splits
    assert (splits.train.images.shape[1:], len(splits.train.classes)) == ((16, 16, 3), 3)
    assert len(splits.train) == 8 * 32
