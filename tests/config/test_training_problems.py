from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.augment import AugmentPolicy
from ferray.config.modality import refuse_mismatch
from ferray.config.training_problems import OF_STEPS
from ferray.errors import ConfigError
from ferray.registry import ROOMS, Params
from ferray.testing.trials import demo_config


@pytest.mark.parametrize("key", OF_STEPS)
def test_an_estimator_has_no_use_for_what_speaks_of_steps(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: `svm` is fitted once, without steps"):
        refuse_mismatch(demo_config(estimator="svm", epochs=1, **{key: {}}))


def test_an_estimator_has_nothing_to_compile() -> None:
    with pytest.raises(ConfigError, match="compile: `svm` is fitted once, without steps"):
        refuse_mismatch(demo_config(estimator="svm", epochs=1, compile=True))


def test_nothing_joins_where_the_head_alone_is_trained() -> None:
    with pytest.raises(ConfigError, match="unfreeze: has no stage to let join"):
        refuse_mismatch(demo_config(finetune="head", unfreeze={}))


def test_agc_clips_nothing_where_the_head_alone_is_trained() -> None:
    with pytest.raises(ConfigError, match=r"clip.mode: `agc` leaves the head alone"):
        refuse_mismatch(demo_config(finetune="head", clip={"mode": "agc", "value": 0.01}))


class OneByOne(AugmentPolicy):
    """A policy of another package that has no batched form."""

    Params = Params

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        return images_NHWC


def test_a_policy_without_a_batched_form_is_no_use_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ROOMS["augment"], "load", lambda _: OneByOne)
    with pytest.raises(ConfigError, match="augment_on: `light` has no form for `device`"):
        refuse_mismatch(demo_config(augment="light", augment_on="device"))


@pytest.mark.parametrize(
    "switches",
    [{"clip": {"mode": "agc"}, "unfreeze": {}}, {"finetune": "head", "clip": {}, "ema": {}, "early_stopping": {}}],
)
def test_what_works_is_let_past(switches: dict[str, Any]) -> None:
    refuse_mismatch(demo_config(**switches))
