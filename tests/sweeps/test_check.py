from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ferray.config.modality import image_size
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.sweeps.check import check_sweep, valid_corners
from ferray.testing.fake_data import sheet_rows, write_sheet_csv

TABLE = {"backbone": "features_mlp", "augment": "none"}


def spec(dataset: Any = "sfew_features", **base: Any) -> SweepSpec:
    """One trial, as nothing is searched."""
    plain = {"name": "x", "dataset": dataset, "budget": {"trials": 1}, "base": {**TABLE, **base}}
    return SweepSpec.model_validate(plain)


def runtime(folder: Path) -> Runtime:
    return Runtime(data_root=folder, output=folder / "runs", cache_dir=folder / "cache", launcher="inline")


def test_data_and_backbone_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="`tiny_cnn` takes images"):
        valid_corners(spec(backbone="tiny_cnn"))


def test_an_estimator_with_a_loss_that_it_cannot_follow_is_refused() -> None:
    with pytest.raises(ConfigError, match="`focal` shapes a loss"):
        valid_corners(spec(estimator="svm", epochs=1, imbalance="focal"))


def test_a_table_needs_no_images(tmp_path: Path) -> None:
    checked = check_sweep(spec(), runtime(write_sheet_csv(tmp_path)))
    assert ({image_size(config) for config in checked.configs}, checked.warnings) == ({0}, ())


@pytest.mark.parametrize(
    ("epochs", "said"), [(5, ("`bdr` starts at epoch `6`, trials have `5`: it removes nothing",)), (6, ())]
)
def test_a_rule_without_an_epoch_to_act_in_is_told(tmp_path: Path, epochs: int, said: tuple[str, ...]) -> None:
    checked = check_sweep(spec(outliers={"bdr": {"start_epoch": 6}}, epochs=epochs), runtime(write_sheet_csv(tmp_path)))
    assert checked.warnings == said


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        (
            {"early_stopping": {"patience": 4}},
            ("`early_stopping` waits for `4` epochs, trials have `5`: it ends none",),
        ),
        ({"early_stopping": {"patience": 3}}, ()),
        (
            {"unfreeze": {"every_epochs": 5}},
            ("`unfreeze` lets a stage join every `5` epochs, trials have `5`: the head alone is trained",),
        ),
        ({"unfreeze": {"every_epochs": 4}}, ()),
    ],
)
def test_a_switch_without_an_epoch_to_act_in_is_told(
    tmp_path: Path, switches: dict[str, Any], said: tuple[str, ...]
) -> None:
    assert check_sweep(spec(epochs=5, **switches), runtime(write_sheet_csv(tmp_path))).warnings == said


def test_empty_cells_are_told_with_their_number(tmp_path: Path) -> None:
    rows = sheet_rows(per_class=20)
    rows[3][4] = rows[7][2] = None
    checked = check_sweep(spec(), runtime(write_sheet_csv(tmp_path, rows)))
    assert checked.warnings == ("2 empty cells of `sfew_features` filled with the median of the training split",)


def test_images_are_described_before_the_first_trial(tmp_path: Path) -> None:
    demo = {"demo": {"num_train": 28, "num_val": 7, "num_test": 7, "label_noise": 0}}
    told: list[tuple[str, int, int]] = []
    check_sweep(spec(demo, descriptor="phog"), runtime(tmp_path), progress=lambda *news: told.append(news))
    assert ("describing images of demo at 64 px by phog", 42, 42) in told


def begun_with(folder: Path, content: dict[str, Any]) -> SweepSpec:
    torch.save(
        {"ferray": "best/2", "config": {"dataset": {"demo": {}}, "backbone": {"lenet": {}}}, **content}, folder / "b.pt"
    )
    return spec("demo", backbone="tiny_cnn", init_from=str(folder / "b.pt"))


def test_weights_of_another_backbone_are_refused_before_the_first_trial(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds the backbone `lenet`, the trial has `tiny_cnn`"):
        check_sweep(begun_with(tmp_path, {"model": {}}), runtime(tmp_path))


def test_a_fitted_estimator_is_no_parent_of_a_network(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a trial without a network"):
        check_sweep(begun_with(tmp_path, {"estimator": {}}), runtime(tmp_path))
