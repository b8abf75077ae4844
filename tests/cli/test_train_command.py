"""`ferray train`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.apps.train import trained_trial
from ferray.errors import SweepFailed
from ferray.stats.intervals import folds_interval
from ferray.testing.command import Ran, ferray
from ferray.testing.trials import demo_config, demo_job

ARGS = (
    "--set", "dataset={demo: {num_train: 140, num_val: 70, num_test: 70}}",
    "--set", "image_size=32",
    "--set", "backbone={tiny_cnn: {width: 4, depth: 3}}",
    "--set", "outliers=none",
    "--threads", "1",
)  # fmt: skip


def train(folder: Path, *args: object) -> Ran:
    return ferray("train", "demo", *ARGS, "--epochs", 2, "--output", folder, *args)


def test_train_prints_the_best_epoch_with_n_and_interval(tmp_path: Path) -> None:
    ran = train(tmp_path)
    assert ran.code == 0, ran.err
    assert "n = 70" in ran.out
    assert "epoch 2/2" in ran.err


def test_train_is_one_trial_and_warns_of_no_repeats(tmp_path: Path) -> None:
    assert "trials are the same" not in train(tmp_path).err


def test_train_says_what_it_put_for_searched_keys(tmp_path: Path) -> None:
    assert "`optimizer.lr` is searched in this space" in train(tmp_path).err


def test_train_json_holds_the_confusion_matrix(tmp_path: Path) -> None:
    document = json.loads(train(tmp_path, "--json", "--quiet").out)
    assert sum(map(sum, document["confusion"])) == document["num_val"] == 70


def test_finished_training_is_not_repeated_unasked(tmp_path: Path) -> None:
    train(tmp_path)
    again = train(tmp_path)
    assert (again.code, "--fresh" in again.err) == (2, True)
    assert train(tmp_path, "--fresh").code == 0


def test_interrupted_training_goes_on_to_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ferray.training.network_trainer import NetworkTrainer

    whole = json.loads(train(tmp_path / "whole", "--json").out)
    step = NetworkTrainer.step

    def once_then_interrupt(self: NetworkTrainer) -> object:
        if self.epochs_done == 1:
            raise KeyboardInterrupt
        return step(self)

    with monkeypatch.context() as patched:
        patched.setattr(NetworkTrainer, "step", once_then_interrupt)
        assert train(tmp_path / "cut", "--json").code == 130
    resumed = train(tmp_path / "cut", "--json")
    assert "going on after epoch 1" in resumed.err
    assert json.loads(resumed.out)["metrics"]["val/loss"] == whole["metrics"]["val/loss"]


FOLDS = ("--set", "folds={kind: stratified, k: 3}", "--epochs", 1)


def test_folds_end_with_their_mean_and_the_interval_of_folds(tmp_path: Path) -> None:
    document = json.loads(train(tmp_path, *FOLDS, "--json").out)
    accuracies = [fold["metrics"]["val/accuracy"] for fold in document["folds"]]
    sizes = [document["folds"][0][name] for name in ("num_train", "num_val")]
    assert document["metrics"]["val/accuracy"] == pytest.approx(sum(accuracies) / 3)
    assert document["interval"] == pytest.approx(
        folds_interval(accuracies, num_train=sizes[0], num_val=sizes[1]), abs=0.01
    )


def test_checkpoints_that_are_named_are_there(tmp_path: Path) -> None:
    ran = train(tmp_path, *FOLDS)
    named = [Path(line.removeprefix("checkpoint: ")) for line in ran.out.splitlines() if line.startswith("checkpoint")]
    assert [path.parent.name for path in named] == ["fold-0", "fold-1", "fold-2"]
    assert all(path.is_file() for path in named)
    assert "mean of 3 folds, each at its best epoch" in ran.out


def test_finished_folds_are_not_repeated_unasked(tmp_path: Path) -> None:
    train(tmp_path, *FOLDS)
    again = train(tmp_path, *FOLDS)
    assert (again.code, "is trained already" in again.err) == (2, True)


def test_training_that_diverges_ends_with_a_sentence_and_names_no_checkpoint(tmp_path: Path) -> None:
    job = demo_job(tmp_path, tmp_path, demo_config())
    with pytest.raises(SweepFailed, match="no epoch had a finite `val/uar`"):
        trained_trial(job, [])
