"""The launcher gets ready during the check only where there is something to train, and is given up with the check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ferray.apps.launcher_ahead import LauncherAhead
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.launch.inline import Inline
from ferray.testing.curves import open_driver, run_curves, small_spec


class Prepared(Inline):
    """Keeps what it was told to get ready for."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.told: list[int | str] = []

    def prepare(self, configs: Sequence[TrialConfig], num_trials: int) -> None:
        self.told.append(num_trials)

    def close(self) -> None:
        self.told.append("closed")


def told(runtime: Runtime, *, fresh: bool = False) -> list[int | str]:
    launcher = Prepared(runtime)
    with LauncherAhead(small_spec(budget={"trials": 3}), runtime, fresh=fresh) as ahead:
        ahead.prepare(launcher, [])
    return launcher.told


def prepare_and_fail(launcher: Prepared) -> None:
    with LauncherAhead(small_spec(), launcher.runtime, fresh=False) as ahead:
        ahead.prepare(launcher, [])
        raise ConfigError("wrong", "right it")


def test_it_gets_ready_for_all_trials_of_a_sweep_to_come(tmp_path: Path) -> None:
    assert told(Runtime(output=tmp_path)) == [3, "closed"]


def test_it_is_given_up_where_the_check_finds_a_mistake(tmp_path: Path) -> None:
    launcher = Prepared(Runtime(output=tmp_path))
    with pytest.raises(ConfigError):
        prepare_and_fail(launcher)
    assert launcher.told[-1] == "closed"


def test_a_folder_that_cannot_be_read_is_left_to_the_start_which_says_why(tmp_path: Path) -> None:
    (tmp_path / small_spec().name).mkdir()
    (tmp_path / small_spec().name / "study.journal").write_text("{")
    assert told(Runtime(output=tmp_path)) == ["closed"]


def test_a_finished_sweep_has_nothing_to_get_ready_for_unless_it_starts_afresh(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 3}))
    run_curves(driver)
    assert told(Runtime(output=tmp_path)) == ["closed"]
    assert told(Runtime(output=tmp_path), fresh=True) == [3, "closed"]


def test_it_does_not_get_ready_while_the_share_of_a_gpu_is_to_be_measured(tmp_path: Path) -> None:
    assert told(Runtime(output=tmp_path, gpus_per_trial="auto")) == []
