"""Whether a sweep is shown in W&B at its end; what that does is in tests/publish/."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ferray.apps.publish import publish_at_end, publish_sweep
from ferray.apps.sweep import request_sweep
from ferray.errors import DataError
from ferray.events import Listener
from ferray.publish.options import PublishOptions
from ferray.results.sweep import Sweep
from ferray.testing.fake_sweep import sweep_record
from ferray.testing.notes import Notes
from ferray.track.wandb_runs.place import WandbPlace

SPACE: dict[str, Any] = {
    "name": "tiny",
    "dataset": {"demo": {"num_train": 70, "num_val": 35, "num_test": 35}},
    "space": {"optimizer.lr": {"log_uniform": [1e-4, 1e-2]}},
}


@pytest.mark.parametrize(
    ("asked", "publishes"),
    [({}, True), ({"publish": False}, False), ({"tracker": "none"}, False), ({"tracker": ["wandb", "none"]}, True)],
)
def test_a_sweep_is_shown_at_its_end_where_wandb_watches_and_nobody_asked_not_to(
    asked: dict[str, Any], publishes: bool, tmp_path: Path
) -> None:
    assert request_sweep(SPACE, {"output": tmp_path, **asked}, Listener()).publishes is publishes


def test_a_sweep_whose_trials_are_offline_is_not_shown_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "wandb" / "offline-run-20260101_000000-abc").mkdir(parents=True)
    heard = Notes()
    assert publish_at_end(sweep_record(), tmp_path, heard) is None
    assert heard.lines == []


def test_a_sweep_without_an_identity_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not say which sweep it is"):
        publish_sweep(Sweep(sweep_record(), tmp_path), PublishOptions(), Notes())


def test_a_damaged_confirmation_at_the_end_of_a_sweep_fails_nothing(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "written_by_0_1_0" / "plain", tmp_path / "plain")
    folder = tmp_path / "plain"
    (folder / "confirmation.json").write_text("{")
    (folder / "wandb").mkdir()
    WandbPlace(entity="somebody", is_online=True).remember(folder)
    heard = Notes()
    assert publish_at_end(sweep_record(), folder, heard) is None
    assert "confirmation.json` is damaged" in heard.lines[-1]
