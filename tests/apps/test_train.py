"""`ferray.train`: one configuration, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ferray
from ferray.errors import ConfigError
from ferray.events import EpochReport, Listener
from ferray.testing.fake_data import write_image_folder
from tests.apps.test_sweep import SPACE, swept


def trained(output: Path, space: Any = SPACE, **options: Any) -> ferray.TrainedTrial:
    return ferray.train(space, **{"output": output, "listeners": [], **options})


def test_history_best_and_checkpoint_are_there(tmp_path: Path) -> None:
    trial = trained(tmp_path, set={"epochs": 2})
    assert [epoch.epoch for epoch in trial.history] == [1, 2]
    assert trial.value == max(epoch.metrics["val/uar"] for epoch in trial.history)
    assert trial.checkpoints == [str(trial.folder / "best.pt")]


def test_a_searched_key_is_the_middle_of_its_range(tmp_path: Path) -> None:
    assert trained(tmp_path).config.optimizer.lr == 1e-3


def test_what_is_trained_is_not_trained_again(tmp_path: Path) -> None:
    trained(tmp_path)
    with pytest.raises(ConfigError, match="this configuration is trained already"):
        trained(tmp_path)


def test_fresh_trains_again(tmp_path: Path) -> None:
    first = trained(tmp_path)
    assert trained(tmp_path, fresh=True).history[0].metrics["val/loss"] == first.history[0].metrics["val/loss"]


def test_the_configuration_of_a_trial_is_trained_again(tmp_path: Path) -> None:
    sweep = swept(tmp_path)
    trial = ferray.train(from_trial=f"{tmp_path / 'tiny'}:0", seed=3, output=tmp_path, listeners=[])
    assert trial.config.optimizer.lr == sweep.trials[0].config["optimizer"]["lr"]


def test_a_space_or_a_trial_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration is named"):
        ferray.train(output=tmp_path)


def test_listeners_hear_epochs_and_batches(tmp_path: Path) -> None:
    class Heard(Listener):
        def __init__(self) -> None:
            self.told: list[tuple[Any, ...]] = []

        def batch_ended(self, number: int, epoch: int, done: int, total: int) -> None:
            self.told.append((epoch, done, total))

        def epoch_ended(self, number: int, report: EpochReport) -> None:
            self.told.append((report.epoch,))

    heard = Heard()
    trained(tmp_path, listeners=[heard])
    assert heard.told == [(1, 1, 3), (1, 2, 3), (1, 3, 3), (1,)]


def test_nothing_is_written_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ferray.train(SPACE, output=tmp_path)
    captured = capsys.readouterr()
    assert (captured.out, "epoch 1/1" in captured.err) == ("", True)


def test_what_was_trained_answers(tmp_path: Path) -> None:
    answers = trained(tmp_path).load()(np.zeros((2, 40, 30, 3), dtype=np.uint8))
    assert answers.shape == (2, 7)


def test_of_folds_each_answers_for_itself(tmp_path: Path) -> None:
    trial = trained(tmp_path, set={"folds": {"kind": "stratified", "k": 2}})
    with pytest.raises(ConfigError, match="holds 2 folds, a checkpoint each"):
        trial.load()


def test_folders_renamed_between_two_trainings_are_seen(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "faces")
    space = {**SPACE, "dataset": {"image_folder": {"path": "faces"}}}
    first = trained(tmp_path / "runs", space, data_root=tmp_path)
    for part in ("train", "val", "test"):
        (root / part / "calm").rename(root / part / "serene")
    second = trained(tmp_path / "runs", space, data_root=tmp_path, fresh=True)
    assert (first.history[0].classes[0], second.history[0].classes) == ("calm", ("cross", "glad", "serene"))
