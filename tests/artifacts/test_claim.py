import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.artifacts.claim import claim
from ferray.artifacts.history import EpochLog, history_line
from ferray.artifacts.trial import TrialArtifacts
from ferray.emotions import EMOTION_NAMES
from ferray.errors import DataError, ResumeMismatch
from ferray.events import EpochReport, OutlierReport, RemovedSample
from ferray.testing.trials import demo_config

REPORT = EpochReport(
    epoch=1, epochs=3, metrics={"val/uar": 0.5}, confusion=((1, 0), (0, 1)), classes=EMOTION_NAMES, num_train=20
)
REMOVED = RemovedSample(sample_id=7, name="a.png", label=0, predicted=3, loss=2.5, truly_mislabelled=True)
WITH_REMOVAL = replace(REPORT, epoch=2, outliers=OutlierReport(2, 0.3, 19, removed=(REMOVED,)))


def opened(path: Path) -> EpochLog:
    artifacts = TrialArtifacts.at(str(path))
    claim(artifacts, demo_config())
    log = EpochLog(artifacts)
    log.restart([])
    return log


def test_config_is_written_at_the_start(tmp_path: Path) -> None:
    opened(tmp_path / "0000")
    assert json.loads((tmp_path / "0000" / "config.json").read_text()) == demo_config().to_json()


def test_another_configuration_is_refused_by_its_first_difference(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(ResumeMismatch, match="batch_size is `16` there, asked is `8`"):
        claim(TrialArtifacts.at(str(tmp_path)), demo_config(batch_size=8))


def test_a_configuration_from_before_a_parameter_existed_is_the_same(tmp_path: Path) -> None:
    opened(tmp_path)
    older = {key: value for key, value in demo_config().to_json().items() if key not in ("folds", "precision")}
    (tmp_path / "config.json").write_text(json.dumps(older))
    opened(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text()) == demo_config().to_json()


def test_a_torn_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(DataError, match="is not JSON"):
        opened(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        opened(tmp_path / "file" / "0000")


def test_history_reads_back(tmp_path: Path) -> None:
    opened(tmp_path).append(WITH_REMOVAL)
    assert EpochReport.from_json(json.loads((tmp_path / "history.jsonl").read_text())) == WITH_REMOVAL


def test_what_is_not_finite_is_null() -> None:
    line = history_line(replace(REPORT, metrics={"train/loss": math.nan, "val/loss": math.inf}))
    assert json.loads(line)["metrics"] == {"train/loss": None, "val/loss": None}


def test_removed_samples_are_listed(tmp_path: Path) -> None:
    opened(tmp_path).append(WITH_REMOVAL)
    rows = list(csv.DictReader((tmp_path / "removed.csv").read_text().splitlines()))
    assert rows == [
        {
            "epoch": "2",
            "sample_id": "7",
            "name": "a.png",
            "label": "Angry",
            "predicted": "Happy",
            "loss": "2.5",
            "truly_mislabelled": "true",
        }
    ]


def test_there_is_no_list_when_nothing_was_removed(tmp_path: Path) -> None:
    opened(tmp_path).append(REPORT)
    assert not (tmp_path / "removed.csv").exists()


def test_restart_cuts_what_came_after(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append(REPORT)
    log.append(WITH_REMOVAL)
    EpochLog(TrialArtifacts.at(str(tmp_path))).restart(log.lines[:1])
    assert (tmp_path / "history.jsonl").read_text() == f"{history_line(REPORT)}\n"


def test_restart_lists_removed_samples_again(tmp_path: Path) -> None:
    EpochLog(TrialArtifacts.at(str(tmp_path))).restart([history_line(WITH_REMOVAL)])
    assert (tmp_path / "removed.csv").read_text().count("a.png") == 1
