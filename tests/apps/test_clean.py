"""Confident learning against a joint counted by hand, and the way through real folds."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.apps.clean import OutOfFold, find_suspects, in_folds, judge_labels
from ferray.config.job import TrialJob
from ferray.config.trial import EstimatorChoice, TrialConfig
from ferray.errors import ConfigError, DataError
from ferray.events import EpochReport
from ferray.results.suspects import Findings, Suspect, write_suspects
from ferray.stats.intervals import wilson_interval
from ferray.testing.trials import demo_config, demo_job

LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
# Class 0 asks for (0.9 + 0.9 + 0.8 + 0.1) / 4 = 0.675, class 1 for (0.9 + 0.9 + 0.8 + 0.2) / 4 = 0.7. Only sample 103
# is confidently of the other class among those labelled 0, and only sample 107 among those labelled 1.
SECOND_CLASS = [0.1, 0.1, 0.2, 0.9, 0.9, 0.9, 0.8, 0.2]


def answers(**changes: Any) -> OutOfFold:
    second = np.array(SECOND_CLASS)
    plain = OutOfFold(
        sample_ids=np.arange(100, 108),
        names=tuple(f"face{number}" for number in range(8)),
        labels=np.array(LABELS),
        true_labels=np.array([0, 0, 0, 1, 1, 1, 0, 1]),
        probabilities=np.stack([1 - second, second], axis=1),
        classes=("Happy", "Sad"),
    )
    return replace(plain, **changes)


def test_labels_that_confident_answers_contradict_are_suspects() -> None:
    assert [suspect.sample_id for suspect in judge_labels(answers()).suspects] == [103, 107]


def test_the_least_believed_label_ranks_first() -> None:
    first = judge_labels(answers()).suspects[0]
    assert (first.rank, first.label, first.suggested, round(first.self_confidence, 6)) == (1, 0, 1, 0.1)


def test_the_order_of_samples_changes_nothing() -> None:
    order = np.array([5, 3, 0, 7, 1, 6, 2, 4])
    given = answers()
    shuffled = answers(
        sample_ids=given.sample_ids[order],
        names=tuple(given.names[position] for position in order),
        labels=given.labels[order],
        true_labels=given.true_labels[order],
        probabilities=given.probabilities[order],
    )
    assert judge_labels(shuffled).suspects == judge_labels(given).suspects


def test_precision_and_recall_are_those_of_the_known_truth() -> None:
    # Wrong are 103 and 106; found are 103 and 107.
    findings = judge_labels(answers())
    assert (findings.num_mislabelled, findings.precision, findings.recall) == (2, 0.5, 0.5)


def test_without_known_truth_nothing_is_said_of_it() -> None:
    findings = judge_labels(answers(true_labels=np.full(8, -1)))
    assert (findings.num_mislabelled, findings.precision, findings.recall) == (None, None, None)
    assert findings.suspects[0].truly_mislabelled is None


def test_accuracy_is_measured_against_the_given_labels() -> None:
    findings = judge_labels(answers())
    assert (findings.accuracy, findings.most_frequent_fraction) == (6 / 8, 4 / 8)


def test_the_accuracy_has_the_interval_of_so_many_samples() -> None:
    assert judge_labels(answers()).interval == pytest.approx(wilson_interval(6, 8))


@pytest.mark.parametrize(
    ("accuracy", "said"), [(0.2, "suspects say little"), (0.4, "as well be their error"), (0.6, "")]
)
def test_networks_that_err_more_often_than_not_are_warned_about(accuracy: float, said: str) -> None:
    caveat = Findings(("Happy", "Sad"), 100, accuracy, 0.25, ()).caveat
    assert (said in caveat, bool(caveat)) == (True, bool(said))


def test_suspects_are_written_a_line_each(tmp_path: Path) -> None:
    write_suspects(tmp_path / "new" / "suspects.csv", judge_labels(answers()))
    assert (tmp_path / "new" / "suspects.csv").read_text().splitlines() == [
        "rank,sample_id,name,label,suggested,self_confidence,truly_mislabelled",
        "1,103,face3,Happy,Sad,0.1,true",
        "2,107,face7,Sad,Happy,0.2,false",
    ]


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    findings = Findings(("Happy",), 1, 1.0, 1.0, (Suspect(1, 1, "a", 0, 0, 0.5),))
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write_suspects(tmp_path / "file" / "suspects.csv", findings)


def config(**changes: Any) -> TrialConfig:
    return demo_config(num_train=140, epochs=1, **changes)


def test_folds_are_cut_from_the_training_part_alone() -> None:
    folded = in_folds(config(), 3)
    assert (folded.num_folds, folded.dataset.params["folds_of"]) == (3, "official")


@pytest.mark.parametrize(
    ("dataset", "folds", "kind"),
    [
        ({"split": "kfold"}, None, "stratified"),
        ({"split": "kfold_by_group"}, None, "by_film"),
        ({"split": "official"}, {"kind": "by_film"}, "by_film"),
    ],
)
def test_a_cross_validated_trial_is_examined_in_folds_of_its_own_kind(
    dataset: dict[str, Any], folds: dict[str, Any] | None, kind: str
) -> None:
    folded = in_folds(TrialConfig.model_validate({"dataset": {"demo": dataset}, "folds": folds}), 4)
    assert folded.folds is not None
    assert (folded.folds.kind, folded.folds.k, folded.dataset.params["folds_of"]) == (kind, 4, None)


def test_an_estimator_is_refused() -> None:
    svm = config().model_copy(update={"estimator": EstimatorChoice.model_construct(name="svm", params={})})
    with pytest.raises(ConfigError, match="estimator `svm` gives no probabilities"):
        in_folds(svm, 2)


def job(folder: Path, cache: Path, **changes: Any) -> TrialJob:
    return demo_job(folder, cache, in_folds(config(**changes), 2))


def test_every_training_sample_is_examined_once_and_no_other(tmp_path: Path, shared_cache: Path) -> None:
    told: list[EpochReport] = []
    findings = find_suspects(job(tmp_path, shared_cache), told.append)
    assert findings.num_examined == sum(report.num_val for report in told) == 140
    assert {suspect.sample_id for suspect in findings.suspects} <= set(range(140))  # val counts from a million


def test_an_interrupted_search_goes_on_to_the_same_suspects(tmp_path: Path, shared_cache: Path) -> None:
    def interrupt(report: EpochReport) -> None:
        told.append(report.epoch)
        if report.epoch == 3:
            raise KeyboardInterrupt

    told: list[int] = []
    folded = demo_config(num_train=140, epochs=2)
    whole = find_suspects(demo_job(tmp_path / "whole", shared_cache, in_folds(folded, 2)), lambda _: None)
    cut = demo_job(tmp_path / "cut", shared_cache, in_folds(folded, 2))
    with pytest.raises(KeyboardInterrupt):
        find_suspects(cut, interrupt)
    assert find_suspects(cut, lambda report: told.append(report.epoch)) == whole
    assert told == [1, 2, 3, 4]


def test_finished_folds_are_not_trained_again(tmp_path: Path, shared_cache: Path) -> None:
    again: list[EpochReport] = []
    first = find_suspects(job(tmp_path, shared_cache), lambda _: None)
    assert (find_suspects(job(tmp_path, shared_cache), again.append), again) == (first, [])


def test_a_fold_that_diverges_is_an_error(tmp_path: Path, shared_cache: Path) -> None:
    # Each step multiplies the weights by 1 - lr * weight_decay = -9.
    wild = job(tmp_path, shared_cache, optimizer={"name": "sgd", "lr": 10.0, "weight_decay": 1.0}, batch_size=2)
    told: list[EpochReport] = []
    with pytest.raises(ConfigError, match="the loss of fold `0` is not finite"):
        find_suspects(wild, told.append)
    assert len(told) == 1


def test_without_cleanlab_nothing_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(ConfigError, match=r"pip install 'cleanlab>="):
        find_suspects(job(tmp_path / "never", tmp_path), lambda _: None)
    assert not (tmp_path / "never").exists()
