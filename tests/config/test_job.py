from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig

CONFIG = TrialConfig.model_validate({"dataset": "fer2013", "imbalance": "focal"})


def test_a_job_carries_the_configuration() -> None:
    assert TrialJob(number=0, config=CONFIG.to_json(), folder="trials/0000").trial_config() == CONFIG


def test_a_job_survives_pickling() -> None:
    job = TrialJob(number=3, config=CONFIG.to_json(), folder="trials/0003", resume_from="last.pt")
    assert pickle.loads(pickle.dumps(job)) == job


def test_a_configuration_is_checked_again_where_it_arrives() -> None:
    with pytest.raises(ValidationError):
        TrialJob(number=0, config={"dataset": "fer2013", "epochs": 0}, folder="").trial_config()


def test_the_folder_is_a_path() -> None:
    assert TrialJob(number=0, config={}, folder="trials/0000").path == Path("trials/0000")
