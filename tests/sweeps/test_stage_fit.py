"""What would end a trial between two of its stages is refused before any is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError, DataError
from ferray.events import Found
from ferray.sweeps.check import Checked, check_sweep, valid_corners
from ferray.sweeps.plan import Plan

DEMO = {"num_train": 28, "num_val": 14, "num_test": 7, "label_noise": 0}
OTHER = {"demo": {**DEMO, "seed": 5}}


def spec(*stages: dict[str, Any], backbone: Any = "tiny_cnn", **changes: Any) -> SweepSpec:
    base = {"augment": "none", "image_size": 32, "backbone": backbone, "stages": list(stages)}
    plain = {"name": "x", "dataset": {"demo": DEMO}, "budget": {"trials": 1}, "base": base}
    return SweepSpec.model_validate({**plain, **changes})


def check(folder: Path, asked: SweepSpec) -> Checked:
    place = Runtime(data_root=folder, output=folder / "runs", cache_dir=folder / "cache", launcher="inline")
    return check_sweep(asked, place)


def test_data_of_every_stage_is_looked_at_and_that_of_the_trial_first(tmp_path: Path) -> None:
    found = check(tmp_path, spec({"dataset": OTHER}, {})).data
    assert [summary.splits[0].total for summary in found] == [28, 28]
    assert len({summary.key for summary in found}) == 2


def test_data_of_a_stage_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`fer2013` is not under"):
        check(tmp_path, spec({"dataset": "fer2013"}, {}))


def test_an_augmentation_that_a_stage_cannot_have_is_refused() -> None:
    asked = spec({"dataset": "sfew_features", "augment": "light", "image_size": None}, {})
    with pytest.raises(ConfigError, match="takes images"):
        valid_corners(asked)


def test_a_backbone_whose_layers_depend_on_the_size_goes_through_stages_of_one(tmp_path: Path) -> None:
    asked = spec({"dataset": OTHER, "image_size": 48}, {}, backbone="lenet")
    with pytest.raises(ConfigError) as caught:
        check(tmp_path, asked)
    assert "stages.0.image_size: weights for 48 px do not fit 32 px" in f"{caught.value.message} {caught.value}"


def test_what_does_not_fit_between_stages_is_named_of_a_trial_in_folds_too(tmp_path: Path) -> None:
    asked = spec({"dataset": OTHER, "image_size": 48}, {}, backbone="lenet")
    folded = asked.model_copy(update={"base": {**asked.base, "folds": {"k": 2}}})
    with pytest.raises(ConfigError, match=r"stages\.0\.image_size: weights for 48 px do not fit 32 px"):
        check(tmp_path, folded)


def test_a_backbone_that_takes_any_size_goes_through_stages_of_several(tmp_path: Path) -> None:
    assert check(tmp_path, spec({"dataset": OTHER, "image_size": 48}, {})).warnings == ()


def test_a_key_that_varies_the_first_stage_by_inheritance_is_told(tmp_path: Path) -> None:
    asked = spec({"dataset": OTHER}, {}, space={"optimizer.lr": {"choice": [0.1, 0.2]}})
    assert check(tmp_path, asked).warnings == (
        "the first stage has the `optimizer.lr` of its trial and is trained again for each value: "
        "search `stages.1.optimizer.lr` to share it, or give the first stage its own",
    )


def test_a_key_of_a_stage_that_varies_it_is_meant(tmp_path: Path) -> None:
    asked = spec({"dataset": OTHER}, {}, space={"stages.0.optimizer.lr": {"choice": [0.1, 0.2]}})
    assert check(tmp_path, asked).warnings == ()


def test_a_dry_run_shows_the_data_of_two_stages_on_one_kind_of_set(tmp_path: Path) -> None:
    asked = spec({"dataset": {"demo": {**DEMO, "seed": 5, "num_train": 35}}}, {})
    checked = check(tmp_path, asked)
    place = Runtime(output=tmp_path / "runs", cache_dir=tmp_path / "cache", launcher="inline")
    told = Plan(asked, place, "x.yaml", checked, Found()).to_words()["data"]
    assert told == {
        "demo": "7 classes; train 28, val 14, test 7",
        "demo (2)": "7 classes; train 35, val 14, test 7",
    }
