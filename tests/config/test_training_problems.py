from __future__ import annotations

from typing import Any

import pytest

from ferray.config.modality import refuse_mismatch
from ferray.config.training_problems import OF_STEPS
from ferray.errors import ConfigError
from ferray.testing.trials import demo_config


@pytest.mark.parametrize("key", OF_STEPS)
def test_an_estimator_has_no_use_for_what_speaks_of_steps(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: `svm` is fitted once, without steps"):
        refuse_mismatch(demo_config(estimator="svm", epochs=1, **{key: {}}))


def test_nothing_joins_where_the_head_alone_is_trained() -> None:
    with pytest.raises(ConfigError, match="unfreeze: has no stage to let join"):
        refuse_mismatch(demo_config(finetune="head", unfreeze={}))


def test_agc_clips_nothing_where_the_head_alone_is_trained() -> None:
    with pytest.raises(ConfigError, match=r"clip.mode: `agc` leaves the head alone"):
        refuse_mismatch(demo_config(finetune="head", clip={"mode": "agc", "value": 0.01}))


@pytest.mark.parametrize(
    "switches",
    [{"clip": {"mode": "agc"}, "unfreeze": {}}, {"finetune": "head", "clip": {}, "ema": {}, "early_stopping": {}}],
)
def test_what_works_is_let_past(switches: dict[str, Any]) -> None:
    refuse_mismatch(demo_config(**switches))
