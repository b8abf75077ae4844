from __future__ import annotations

from typing import Any

import pytest

from ferray.config.modality import image_size, modality_problems, refuse_mismatch, trains_on_features
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError


def config(**settings: Any) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "demo", "augment": "none", **settings})


TABLE: dict[str, Any] = {"dataset": "sfew_features", "backbone": "features_mlp"}
FITTED: dict[str, Any] = {"estimator": "svm", "epochs": 1}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"backbone": "features_mlp", "descriptor": "phog"},
        TABLE,
        FITTED,
        {**FITTED, "descriptor": "lpq", "pixels": {"grey": True}},
        {**FITTED, "dataset": "sfew_features"},
    ],
)
def test_what_goes_together_has_no_problem(settings: dict[str, Any]) -> None:
    assert modality_problems(config(**settings)) == []


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"backbone": "features_mlp"}, "backbone"),
        ({"dataset": "sfew_features"}, "backbone"),
        ({"descriptor": "lpq"}, "backbone"),
        ({**TABLE, "augment": "light"}, "augment"),
        ({**FITTED, "augment": "light"}, "augment"),
        ({**TABLE, "pixels": {"normalise": "image_std"}}, "pixels.normalise"),
        ({**TABLE, "descriptor": "lpq"}, "descriptor"),
        ({**TABLE, "image_size": 64}, "image_size"),
        ({**TABLE, "pixels": {"grey": True}}, "pixels.grey"),
        ({**FITTED, "outliers": "bdr"}, "outliers"),
        ({**FITTED, "init_from": "sweep:best"}, "init_from"),
    ],
)
def test_what_does_not_go_together_is_named(settings: dict[str, Any], key: str) -> None:
    assert [problem[0] for problem in modality_problems(config(**settings))] == [key]


def test_the_first_problem_is_raised_with_its_way_out() -> None:
    with pytest.raises(ConfigError, match=r"(?s)`tiny_cnn` takes images, `sfew_features` holds.*features_mlp"):
        refuse_mismatch(config(dataset="sfew_features"))


def test_an_estimator_is_given_features_of_images_without_a_descriptor_too() -> None:
    assert trains_on_features(config(**FITTED))


@pytest.mark.parametrize(
    ("settings", "size"),
    [({}, 48), ({"image_size": 96}, 96), ({"descriptor": "lpq", "backbone": "features_mlp"}, 64), (TABLE, 0)],
)
def test_a_trial_knows_the_size_of_its_images(settings: dict[str, Any], size: int) -> None:
    assert image_size(config(**settings)) == size
