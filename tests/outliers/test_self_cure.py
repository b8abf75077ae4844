from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ferray.artifacts.history import read_history
from ferray.artifacts.trial import TrialArtifacts
from ferray.outliers import Removal, SampleLosses
from ferray.outliers.self_cure import SelfCure
from ferray.testing.trials import demo_config, demo_job
from ferray.training.network_trainer import NetworkTrainer

# Of eight samples the two first are said to be class 1 with probabilities .9 and .6, their label 0 has .05 and .3.
LABEL_P = [0.05, 0.3, *[0.95] * 6]
SAID_P = [0.9, 0.6, *[0.95] * 6]


def losses() -> SampleLosses:
    p, said = np.array(LABEL_P), np.array(SAID_P)
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    predicted = np.array([1, 1, 0, 0, 1, 1, 2, 2])
    margin = np.where(predicted == labels, 1.0, np.log(p / said))
    return SampleLosses(np.arange(8) + 100, labels, -np.log(p), p, predicted, margin, (4, 2, 2))


def rule(**params: Any) -> SelfCure:
    return SelfCure(SelfCure.Params.model_validate({"start_epoch": 1, "max_removed_fraction": 1.0, **params}))


def relabelled(removal: Removal) -> dict[int, int]:
    return dict(removal.relabelled)


def test_the_probability_of_what_the_model_says_follows_from_loss_and_margin() -> None:
    assert losses().predicted_probability.tolist() == pytest.approx(SAID_P)


def test_a_doubted_label_becomes_what_the_model_says() -> None:
    found = rule().review(1, losses())
    assert (relabelled(found), found.sample_ids) == ({100: 1, 101: 1}, frozenset())


def test_a_lead_within_the_margin_corrects_nothing() -> None:
    # 0.9 - 0.05 = 0.85 is above 0.5, 0.6 - 0.3 is not.
    assert relabelled(rule(margin=0.5).review(1, losses())) == {100: 1}


def test_only_the_highest_losses_are_looked_at() -> None:
    assert relabelled(rule(fraction=0.125).review(1, losses())) == {100: 1}


def test_no_round_before_its_epoch() -> None:
    assert relabelled(rule(start_epoch=2).review(1, losses())) == {}


def test_guards_count_all_rounds_together_and_say_what_they_kept() -> None:
    careful = rule(max_removed_fraction=0.125)
    first, second = careful.review(1, losses()), careful.review(2, losses())
    assert (relabelled(first), first.note) == ({100: 1}, "guards kept 1 of 2 candidates")
    assert relabelled(second) == {}


def test_guards_of_a_class_are_kept() -> None:
    assert relabelled(rule(max_removed_fraction_per_class=0.25).review(1, losses())) == {100: 1}


def test_a_sample_is_corrected_once() -> None:
    sure = rule()
    sure.review(1, losses())
    assert relabelled(sure.review(2, losses())) == {}


def test_the_same_samples_may_be_dropped_instead() -> None:
    found = rule(act="drop").review(1, losses())
    assert (relabelled(found), found.sample_ids) == ({}, {100, 101})


def test_one_switch_leaves_every_label_as_it_was() -> None:
    found = rule(act="watch").review(1, losses())
    assert (relabelled(found), found.sample_ids, found.note) == ({}, frozenset(), "would have corrected 2")


def trained(folder: Path, cache: Path, **params: Any) -> NetworkTrainer:
    """Three epochs on faces of which every fourth has a wrong label, with rounds that doubt nearly everything."""
    outliers = {"self_cure": {"start_epoch": 1, "fraction": 1.0, "margin": 0.0, "max_rounds": 1, **params}}
    trainer = NetworkTrainer(demo_job(folder, cache, demo_config(label_noise=0.25, epochs=3, outliers=outliers)))
    _ = [trainer.step() for _ in range(2)]
    return trainer


def test_corrections_are_trained_on_and_recorded(tmp_path: Path, shared_cache: Path) -> None:
    with trained(tmp_path / "trial", shared_cache) as trainer:
        training = trainer.parts.training
        report = read_history(TrialArtifacts.at(str(tmp_path / "trial")))[0].outliers
        assert report is not None
        assert {sample.sample_id: sample.predicted for sample in report.removed} == training.corrected
        assert (report.act, report.num_kept, report.num_before) == ("relabelled", 84, 84)
        ids = training.samples.sample_ids.tolist()
        assert all(training.samples.labels[ids.index(number)] == label for number, label in training.corrected.items())
        assert training.corrected


def test_watching_trains_as_no_rule_does(tmp_path: Path, shared_cache: Path) -> None:
    with trained(tmp_path / "watched", shared_cache, act="watch") as watched:
        plain = demo_config(label_noise=0.25, epochs=3)
        with NetworkTrainer(demo_job(tmp_path / "plain", shared_cache, plain)) as trainer:
            _ = [trainer.step() for _ in range(2)]
            weights, others = (t.parts.learner.model.state_dict() for t in (watched, trainer))
            assert all(torch.equal(weights[name], others[name]) for name in weights)


def test_a_resumed_trial_has_the_labels_that_it_had(tmp_path: Path, shared_cache: Path) -> None:
    with trained(tmp_path / "trial", shared_cache) as cut:
        cut.save()
        labels = cut.parts.training.samples.labels.tolist()
        last = cut.step()
    with trained(tmp_path / "other", shared_cache) as other:
        other.save()
    with NetworkTrainer(other.job) as resumed:
        assert resumed.parts.training.samples.labels.tolist() == labels
        assert resumed.step().metrics["train/loss"] == last.metrics["train/loss"]
