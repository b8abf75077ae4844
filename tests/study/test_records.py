"""A record's configuration is read by today's classes, or refused with the key that they do not take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ferray.config.trial import TrialConfig
from ferray.errors import DataError
from ferray.testing.fake_sweep import sweep_record


def test_a_recorded_configuration_of_another_kind_is_named() -> None:
    trial = replace(sweep_record().trials[0], config={"dataset": "demo", "epochs": "many"})
    with pytest.raises(DataError, match="the record of trial 0 holds no configuration of this ferray: `epochs`"):
        trial.trial_config()


def test_a_recorded_configuration_reads_back() -> None:
    config = TrialConfig.model_validate({"dataset": "demo", "epochs": 3})
    assert replace(sweep_record().trials[0], config=config.to_json()).trial_config() == config
