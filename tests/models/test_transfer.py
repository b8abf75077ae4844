from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.models.model import FerModel, build_model
from ferray.models.transfer import Loaded, load_initial, numbered_head
from ferray.testing.trials import demo_config

SIX = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad")
SEVEN = (*SIX, "Surprise")


def write_best(path: Path, *, trial: TrialConfig, **changes: Any) -> FerModel:
    """A best.pt of a trial with six classes that never was, and its network."""
    model = build_model(trial, 6)
    known = {"config": trial.to_json(), "classes": list(SIX), "epoch": 12, "metrics": {"val/uar": 0.5}}
    torch.save({"ferray": "best/2", "model": model.state_dict(), **known, **changes}, path)
    return model


def load(path: Path, *, classes: tuple[str, ...] = SIX, **changes: Any) -> tuple[FerModel, Loaded]:
    """A network of another seed, after it was given the file."""
    config = demo_config(seed=1, **changes)
    model = build_model(config, len(classes))
    return model, load_initial(model, path, config=config, classes=classes)


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def test_backbone_and_head_of_the_same_classes_are_loaded(tmp_path: Path) -> None:
    former = write_best(tmp_path / "best.pt", trial=demo_config())
    assert same(load(tmp_path / "best.pt")[0], former)


def test_head_of_other_classes_keeps_its_own_weights(tmp_path: Path) -> None:
    former = write_best(tmp_path / "best.pt", trial=demo_config())
    model, _ = load(tmp_path / "best.pt", classes=SEVEN)
    assert same(model.backbone, former.backbone)
    assert same(model.head, build_model(demo_config(seed=1), 7).head)


def test_head_of_as_many_other_classes_is_replaced(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    assert load(tmp_path / "best.pt", classes=SEVEN[1:])[1].head == "replaced: other classes"


def test_head_of_another_kind_is_replaced(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    assert load(tmp_path / "best.pt", head="bn_mlp")[1].head == "replaced: it is of another kind"


def test_what_was_loaded_is_said(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    said = load(tmp_path / "best.pt", classes=SEVEN)[1].said
    assert said == (f"backbone of tiny_cnn from `{tmp_path}/best.pt`, epoch 12, head replaced: 7 classes for 6")


def test_the_parent_is_recorded(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    record = load(tmp_path / "best.pt")[1].to_json()
    assert (record["recipe"], record["epoch"], record["metrics"]) == (demo_config().recipe, 12, {"val/uar": 0.5})


def test_configuration_of_another_version_has_no_recipe(tmp_path: Path) -> None:
    yesterdays = {"backbone": {"tiny_cnn": {}}, "of_yesterday": 1}
    write_best(tmp_path / "best.pt", trial=demo_config(), config=yesterdays)
    assert load(tmp_path / "best.pt")[1].recipe is None


def test_plain_file_of_a_whole_network_gives_its_backbone(tmp_path: Path) -> None:
    former = build_model(demo_config(), 6)
    save_file({name: value.contiguous() for name, value in former.state_dict().items()}, tmp_path / "plain.safetensors")
    model, loaded = load(tmp_path / "plain.safetensors")
    assert same(model.backbone, former.backbone)
    assert loaded.said.endswith("plain.safetensors`, head replaced: the file names no classes")


def test_plain_file_of_a_backbone_is_loaded(tmp_path: Path) -> None:
    former = build_model(demo_config(), 6)
    torch.save({"state_dict": former.backbone.state_dict()}, tmp_path / "plain.pt")
    assert same(load(tmp_path / "plain.pt")[0].backbone, former.backbone)


def test_plain_file_of_a_timm_network_is_loaded(tmp_path: Path) -> None:
    config = demo_config(backbone={"timm": {"name": "mobilenetv3_small_050"}})
    net = build_model(config, 6).backbone.net
    torch.save(net.state_dict(), tmp_path / "plain.pt")
    model, _ = load(tmp_path / "plain.pt", backbone={"timm": {"name": "mobilenetv3_small_050"}})
    assert same(model.backbone.net, net)


def test_a_missing_file_is_named_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no checkpoint `.*gone.pt` to start from\nhint: name a trial"):
        load(tmp_path / "gone.pt")


def test_a_torn_file_is_refused(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    content = (tmp_path / "best.pt").read_bytes()
    (tmp_path / "best.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(ConfigError, match="is not a file of plain weights"):
        load(tmp_path / "best.pt")


def test_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    former = write_best(tmp_path / "best.pt", trial=demo_config())
    weights = former.head[1].weight.detach().numpy().tobytes()
    content = (tmp_path / "best.pt").read_bytes()
    (tmp_path / "best.pt").write_bytes(content.replace(weights, bytes([weights[0] ^ 1]) + weights[1:]))
    with pytest.raises(ConfigError, match=r"best.pt` is torn"):
        load(tmp_path / "best.pt")


def test_another_backbone_is_refused_by_name(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    with pytest.raises(ConfigError, match="holds the backbone `tiny_cnn`, the trial has `resnet18`"):
        load(tmp_path / "best.pt", backbone={"timm": {"name": "resnet18"}})


def test_the_same_backbone_of_another_width_is_refused(tmp_path: Path) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config())
    with pytest.raises(ConfigError, match=r"does not fit the network: `blocks.0.0.weight` is \(16, 3, 3, 3\), not"):
        load(tmp_path / "best.pt", backbone={"tiny_cnn": {"width": 4}})


def test_the_same_network_with_other_first_weights_is_taken(tmp_path: Path) -> None:
    small = "mobilenetv3_small_050"
    write_best(tmp_path / "best.pt", trial=demo_config(backbone={"timm": {"name": f"{small}.lamb_in1k"}}))
    assert load(tmp_path / "best.pt", backbone={"timm": {"name": small}})[1].backbone == small


def test_a_trial_that_has_not_ended_is_refused(tmp_path: Path) -> None:
    torch.save({"ferray": "last/2", "learner": {}}, tmp_path / "last.pt")
    with pytest.raises(ConfigError, match="belongs to a trial that has not ended"):
        load(tmp_path / "last.pt")


NUMBERS = ("0", "1", "2", "3", "4", "5")
OWN = {"image_folder": {"path": "mine"}}


@pytest.mark.parametrize(
    ("former", "classes", "dataset", "is_doubted"),
    [
        (NUMBERS, NUMBERS, OWN, True),
        (NUMBERS, NUMBERS, {"image_folder": {"path": "theirs"}}, True),
        (NUMBERS, NUMBERS, "demo", False),
        (SIX, SIX, OWN, False),
        (NUMBERS, SIX, OWN, False),
    ],
)
def test_a_head_of_another_set_is_doubted_where_classes_are_bare_numbers(
    tmp_path: Path, former: tuple[str, ...], classes: tuple[str, ...], dataset: Any, is_doubted: bool
) -> None:
    write_best(tmp_path / "best.pt", trial=demo_config(), classes=list(former))
    warning = numbered_head(tmp_path / "best.pt", demo_config(dataset=dataset), classes)
    assert ("right only if the numbers mean the same" in warning) is is_doubted
