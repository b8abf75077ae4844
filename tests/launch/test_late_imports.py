"""Which modules a worker imports before it has a trial."""

from __future__ import annotations

from ferray.config.trial import TrialConfig
from ferray.launch._late_imports import late_imports


def config(backbone: str) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "demo", "backbone": backbone, "imbalance": "focal"})


def test_components_are_imported_by_their_modules_each_once() -> None:
    found = late_imports([config("tiny_cnn"), config("lenet"), config("lenet")])
    assert {"ferray.models.backbones.tiny_cnn", "ferray.models.backbones.lenet", "ferray.imbalance.focal"} <= {*found}
    assert len(found) == len(set(found))


def test_a_component_says_what_it_imports_when_it_is_built() -> None:
    assert "timm" in late_imports([config("timm")])
    assert "timm" not in late_imports([config("lenet")])
