from __future__ import annotations

import json
import math
import pickle
from dataclasses import asdict, replace

import pytest

from ferray.events import EpochReport, Listener, OutlierReport, RemovedSample, TrialStarted

OUTLIERS = OutlierReport(
    epoch=2,
    variance=0.25,
    num_kept=9,
    bin_edges=(0.0, 1.0, 2.0),
    histogram=(8, 2),
    histogram_after=(8, 1),
    removed=(RemovedSample(sample_id=7, name="a.png", label=0, predicted=1, loss=1.9, truly_mislabelled=True),),
    note="one round",
)
REPORT = EpochReport(
    epoch=2,
    epochs=3,
    metrics={"val/uar": 0.75},
    confusion=((3, 1), (0, 2)),
    classes=("Angry", "Happy"),
    num_train=10,
    is_best=True,
)


@pytest.mark.parametrize("report", [REPORT, replace(REPORT, outliers=OUTLIERS)], ids=["plain", "with outliers"])
def test_a_report_survives_json(report: EpochReport) -> None:
    assert EpochReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_report_survives_its_own_containers() -> None:
    assert EpochReport.from_json(REPORT.to_json()) == REPORT


def test_report_is_written_with_all_its_fields_in_their_order() -> None:
    report = replace(REPORT, outliers=OUTLIERS, earlier=(REPORT,), stage=1, stages=2)
    whole = asdict(report)
    del whole["outliers"]["removed"][0]["relabelled"], whole["earlier"][0]["stage"], whole["earlier"][0]["stages"]
    assert json.dumps(report.to_json()) == json.dumps(whole)


def test_reading_a_report_leaves_its_source_alone() -> None:
    data = json.loads(json.dumps(replace(REPORT, outliers=OUTLIERS).to_json()))
    EpochReport.from_json(data)
    assert data["outliers"]["histogram"] == [8, 2]


def test_a_variance_that_was_no_number_is_none_again() -> None:
    data = replace(REPORT, outliers=replace(OUTLIERS, variance=math.nan)).to_json()
    data["outliers"]["variance"] = None  # as a history of strict JSON holds it
    read = EpochReport.from_json(data).outliers
    assert read is not None
    assert math.isnan(read.variance)


def test_validation_images_are_counted_from_the_confusion_matrix() -> None:
    assert REPORT.num_val == 6


@pytest.mark.parametrize(("epoch", "diverged", "is_last"), [(2, False, False), (3, False, True), (2, True, True)])
def test_a_trial_ends_with_its_epochs_or_when_it_diverges(epoch: int, diverged: bool, is_last: bool) -> None:
    assert replace(REPORT, epoch=epoch, diverged=diverged).is_last is is_last


def test_messages_survive_pickling() -> None:
    started = TrialStarted(number=1, recipe="0" * 8, epochs=3, params={}, config={}, folder="x", root=1)
    assert pickle.loads(pickle.dumps(started)) == started


def test_a_listener_does_nothing_by_default() -> None:
    Listener().epoch_ended(0, REPORT)


def test_precision_of_a_removal_is_the_share_that_was_mislabelled() -> None:
    assert replace(OUTLIERS, num_mislabelled=4).precision == 1.0


def test_recall_of_a_removal_is_the_share_of_wrong_labels_found() -> None:
    assert replace(OUTLIERS, num_mislabelled=4).recall == 0.25


def test_precision_is_unknown_where_no_one_knows_the_right_labels() -> None:
    assert OUTLIERS.precision is None
