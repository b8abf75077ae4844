"""What the check passes takes its first step: whatever would end every trial of a kind is refused before any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ferray import registry
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError, DataError
from ferray.models.backbones import Backbone, BackboneFactory, InputSpec
from ferray.models.model import build_model
from ferray.sweeps.check import check_sweep
from ferray.sweeps.first_step import try_networks
from ferray.testing.fake_data import fake_image, write_png
from ferray.testing.guests import bring_guest

DEMO = {"demo": {"num_train": 42, "num_val": 14, "num_test": 7, "label_noise": 0}}


def spec(dataset: Any = DEMO, **base: Any) -> SweepSpec:
    plain = {"name": "x", "dataset": dataset, "budget": {"trials": 1}, "base": {"augment": "none", **base}}
    return SweepSpec.model_validate(plain)


def check(folder: Path, asked: SweepSpec, tell: Callable[[str, int, int], None] | None = None) -> None:
    place = Runtime(data_root=folder, output=folder / "runs", cache_dir=folder / "cache", launcher="inline")
    check_sweep(asked, place, progress=tell)


def folder_of(root: Path, **num_images: int) -> Path:
    """Class folders with so many images each, split by ferray."""
    for class_name, count in num_images.items():
        for number in range(count):
            write_png(root / "mine" / class_name / f"{number}.png", fake_image(len(class_name), number))
    return root


def test_more_folds_than_a_class_has_images_are_refused(tmp_path: Path) -> None:
    root = folder_of(tmp_path, angry=20, happy=20, sad=2)
    with pytest.raises(ConfigError, match="`5` folds are more than the `2` images of the rarest class"):
        check(root, spec({"image_folder": {"path": "mine"}}, folds={"k": 5}, image_size=32))


def test_a_class_that_a_later_fold_lacks_is_refused(tmp_path: Path) -> None:
    films = {"angry": "ABC", "happy": "ABC", "sad": "AB"}  # whatever the order, the fold of C alone has nobody sad
    for class_name, film, number in ((name, film, n) for name, of in films.items() for film in of for n in range(4)):
        path = tmp_path / "mine" / class_name / f"{film}-{number}.png"
        write_png(path, fake_image(len(class_name), ord(film) + number))
    by_film = {"image_folder": {"path": "mine", "group_pattern": "^(.)-"}}
    with pytest.raises(DataError, match="no image of `sad` in val"):
        check(tmp_path, spec(by_film, folds={"kind": "by_film", "k": 3}, image_size=32))


def test_the_split_that_folds_replace_is_not_asked_for(tmp_path: Path) -> None:
    root = folder_of(tmp_path, angry=20, sad=2)  # too few to carve validation and test out of
    check(root, spec({"image_folder": {"path": "mine"}}, folds={"k": 2}, image_size=32))


def test_more_stages_than_a_backbone_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="backbone `tiny_cnn`: finetune asks for the last `9` stages, the backbone has 4"
    ):
        check(tmp_path, spec(finetune=9))


@pytest.mark.slow
def test_images_that_are_too_small_for_a_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="backbone `inception_v3`: the backbone does not take images of `48` pixels"):
        check(tmp_path, spec(backbone={"timm": {"name": "inception_v3"}}, image_size=48))


def test_every_network_that_does_not_fit_is_named(tmp_path: Path) -> None:
    plain = {"finetune": {"choice": [9, "all"]}, "backbone": {"one_of": ["lenet", "tiny_cnn"]}}
    asked = SweepSpec.model_validate({"name": "x", "dataset": DEMO, "base": {"augment": "none"}, "space": plain})
    with pytest.raises(ConfigError, match="has 2 problems") as raised:
        check(tmp_path, asked)
    assert all(name in raised.value.message for name in ("backbone `lenet`", "backbone `tiny_cnn`"))


def test_weights_to_begin_with_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    narrow = TrialConfig.model_validate({"dataset": "demo", "backbone": {"tiny_cnn": {"width": 4}}})
    torch.save(build_model(narrow, 7).state_dict(), tmp_path / "narrow.pt")
    with pytest.raises(ConfigError, match=r"does not fit the network: .* is \(4, 3, 3, 3\), not \(16, 3, 3, 3\)"):
        check(tmp_path, spec(init_from=str(tmp_path / "narrow.pt")))


def test_weights_to_begin_with_that_fit_pass(tmp_path: Path) -> None:
    same = TrialConfig.model_validate({"dataset": "demo"})
    torch.save(
        {"epoch": 3, "net": {f"module.{k}": v for k, v in build_model(same, 7).state_dict().items()}}, tmp_path / "w.pt"
    )
    check(tmp_path, spec(init_from=str(tmp_path / "w.pt")))


def test_a_file_of_weights_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {"conv1.weight": torch.zeros(64, 3, 7, 7)}}, tmp_path / "w.pt")
    with pytest.raises(ConfigError, match=r"w.pt` does not fit the network: no `bn1.weight`"):
        check(tmp_path, spec(backbone={"timm": {"name": "resnet18", "weights": str(tmp_path / "w.pt")}}))


def test_a_file_without_weights_says_what_it_holds(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "optimizer": {"state": {}}}, tmp_path / "w.pt")
    with pytest.raises(ConfigError, match="holds no weights, only `epoch`, `optimizer`"):
        check(tmp_path, spec(init_from=str(tmp_path / "w.pt")))


def test_more_components_than_samples_give_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`2000` principal components are more than `42` samples"):
        check(tmp_path, spec(estimator={"svm": {"components": 2000}}, descriptor="phog", epochs=1))


def test_steps_are_told_as_they_begin(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    check(tmp_path, spec(), lambda *news: told.append(news))
    assert ("trying networks for a step", 1, 1) in told


class GuestNet(Backbone):
    """Looks at a number on its way, which the meta device does not have; takes no side that is odd."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 5)
        self.input_spec = InputSpec(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        self.num_features = 5

    def forward(self, images_NCHW: Tensor) -> Tensor:
        if images_NCHW.shape[2] % 2:
            raise RuntimeError("an odd side")
        features: Tensor = self.layer(images_NCHW.mean(dim=(2, 3))) * float(images_NCHW.max().item() + 1)
        return features

    def stages(self) -> list[nn.Module]:
        return [self.layer]


class Guest(BackboneFactory):
    """A backbone of another package."""

    class Params(registry.Params):
        """Nothing to choose."""

    def input_spec(self) -> InputSpec:
        return GuestNet().input_spec

    def build(self) -> Backbone:
        return GuestNet()


@pytest.fixture
def with_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    bring_guest(monkeypatch, "backbone", Guest)


@pytest.mark.usefixtures("with_guest")
def test_a_network_that_the_meta_device_cannot_run_is_tried_on_the_cpu(tmp_path: Path) -> None:
    check(tmp_path, spec(backbone="guest"))


@pytest.mark.usefixtures("with_guest")
def test_whatever_a_network_raises_is_told_with_its_size(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="backbone `guest`: takes no step on `33` px: `RuntimeError` an odd side"):
        check(tmp_path, spec(backbone="guest", image_size=33))


def test_an_estimator_takes_no_step() -> None:
    config = TrialConfig.model_validate({"dataset": "demo", "estimator": "svm", "epochs": 1})
    assert try_networks([config], {}, Runtime(), lambda *_: None) == []
