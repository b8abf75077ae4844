"""What trials ask of a device: alike where no shape differs, and the heaviest of a space."""

from __future__ import annotations

from typing import Any

from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload, heaviest


def workload(**keys: Any) -> Workload:
    config = TrialConfig.model_validate({"dataset": "demo", "backbone": "tiny_cnn", "image_size": 32, **keys})
    return Workload.of(config, image_size=config.image_size or 0, num_classes=7)


def test_numbers_that_change_no_shape_ask_for_the_same() -> None:
    other = workload(seed=3, optimizer={"lr": 0.1}, epochs=9, head={"linear": {"dropout": 0.5}}, imbalance="focal")
    assert other.key == workload().key


def test_batches_of_another_size_are_of_the_same_family() -> None:
    assert workload(batch_size=64).key != workload().key
    assert workload(batch_size=64).family == workload().family


def test_another_optimiser_asks_for_other_memory() -> None:
    assert workload(optimizer={"name": "sgd"}).key != workload().key


def test_pretrained_weights_change_no_shape() -> None:
    plain = {"timm": {"name": "resnet18"}}
    weights = {"timm": {"name": "resnet18", "pretrained": True}}
    assert workload(backbone=weights).key == workload(backbone=plain).key


def test_workload_is_called_by_its_network() -> None:
    assert str(workload(batch_size=64, backbone={"timm": {"name": "resnet18"}})) == "resnet18 at 32 px in batches of 64"


def test_heaviest_of_each_backbone_has_the_largest_of_all() -> None:
    space = [
        workload(batch_size=16, optimizer={"name": "sgd"}),
        workload(batch_size=128, finetune="head", optimizer={"name": "sgd"}),
        workload(image_size=64, optimizer={"name": "sgd"}, precision="float32"),
        workload(backbone="lenet", optimizer={"name": "adamw"}, finetune="head"),
    ]
    tiny, lenet = heaviest(space)
    assert (tiny.batch_size, tiny.image_size, tiny.config["finetune"]) == (128, 64, "all")
    assert (tiny.config["optimizer"]["name"], tiny.config["precision"]) == ("adamw", "float32")
    assert (lenet.batch_size, lenet.config["backbone"], lenet.config["finetune"]) == (
        128,
        space[3].config["backbone"],
        "all",
    )
