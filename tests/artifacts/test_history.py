import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.artifacts.history import EpochLog, history_line, read_history, read_lines, read_seconds
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import CheckpointError, StorageError
from ferray.testing.fake_sweep import TRIALS

FIRST, SECOND, _ = TRIALS[0].reports


@pytest.fixture
def artifacts(tmp_path: Path) -> TrialArtifacts:
    return TrialArtifacts.at(str(tmp_path))


def test_a_log_goes_on_where_it_was_put_back_to(artifacts: TrialArtifacts) -> None:
    log = EpochLog(artifacts)
    log.restart([history_line(FIRST)])
    log.append(SECOND)
    assert log.reports == (FIRST, SECOND)
    assert read_history(artifacts) == [FIRST, SECOND]


def test_a_fresh_trial_begins_with_an_empty_history(artifacts: TrialArtifacts) -> None:
    EpochLog(artifacts).restart([])
    assert artifacts.history.read_bytes() == b""


def test_lines_read_back_as_they_were_written(artifacts: TrialArtifacts) -> None:
    EpochLog(artifacts).restart([history_line(FIRST)])
    assert read_lines(artifacts) == [history_line(FIRST)]


def test_numbers_that_json_does_not_know_are_null() -> None:
    line = history_line(replace(FIRST, metrics={"val/loss": math.inf}))
    assert json.loads(line)["metrics"] == {"val/loss": None}


@pytest.mark.parametrize("text", ['{"epoch": 1', "[]\n", ""], ids=["torn", "no report", "empty"])
def test_a_trial_does_not_go_on_from_a_damaged_history(artifacts: TrialArtifacts, text: str) -> None:
    artifacts.history.write_text(text)
    with pytest.raises(CheckpointError):
        read_lines(artifacts)


def test_a_history_that_is_not_there_is_no_failure_of_the_disk(artifacts: TrialArtifacts) -> None:
    with pytest.raises(CheckpointError, match="is missing or damaged"):
        read_lines(artifacts)


def test_a_line_that_cannot_be_written_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"history\.jsonl` cannot be written"):
        EpochLog(TrialArtifacts.at(str(tmp_path / "gone"))).append(FIRST)


def test_the_seconds_of_epochs_are_those_of_the_whole_history(artifacts: TrialArtifacts) -> None:
    named = replace(FIRST, note='it says "seconds": 7.0', classes=("seconds", *FIRST.classes[1:]))
    again = replace(SECOND, metrics={**SECOND.metrics, "seconds": 2.5e-05})
    lines = [history_line(report) for report in (named, SECOND, replace(FIRST, epoch=3), again)]
    artifacts.history.append_text("\n".join([*lines, history_line(replace(FIRST, epoch=4))[:-9]]))
    whole = [report.metrics["seconds"] for report in read_history(artifacts)]
    assert read_seconds(artifacts) == whole == [1.5, 2.5e-05, 1.5]


def test_an_epoch_that_does_not_say_what_it_took_is_left_out(artifacts: TrialArtifacts) -> None:
    EpochLog(artifacts).restart([history_line(replace(FIRST, metrics={"seconds": math.nan})), history_line(SECOND)])
    assert read_seconds(artifacts) == [1.5]
