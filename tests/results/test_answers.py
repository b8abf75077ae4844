from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.results.answers import Answers, read_answers, write_answers

ONE = Answers("ab", np.array([30, 10, 20]), np.array([0, 1, 1]), np.array([0, 0, 1]))
DOCUMENT = {"format": 1, "checkpoint": "ab", "sample_ids": [30, 10], "labels": [0, 1], "predictions": [0, 0]}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    own = TrialArtifacts.at(str(tmp_path))
    write_answers(own, ONE)
    read = read_answers(own)
    assert read is not None
    assert (read.checkpoint, read.sample_ids.tolist(), read.predictions.tolist()) == ("ab", [30, 10, 20], [0, 0, 1])


def test_answers_are_sorted_by_image() -> None:
    found = ONE.sorted()
    assert (found.sample_ids.tolist(), found.labels.tolist(), found.predictions.tolist()) == (
        [10, 20, 30],
        [1, 1, 0],
        [0, 1, 0],
    )


def test_a_trial_that_was_not_judged_has_none(tmp_path: Path) -> None:
    assert read_answers(TrialArtifacts.at(str(tmp_path))) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({**DOCUMENT, "format": 2}),
        json.dumps({**DOCUMENT, "labels": [0]}),
        json.dumps({**DOCUMENT, "labels": [0, "1"]}),
        json.dumps({**DOCUMENT, "labels": [[0], [1]]}),
        json.dumps({**DOCUMENT, "labels": [0, 10**30]}),
        json.dumps({**DOCUMENT, "labels": [0.5, 1]}),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.json").write_text(text)
    with pytest.raises(DataError, match=r"answers\.json"):
        read_answers(TrialArtifacts.at(str(tmp_path)))


def test_groups_are_written_and_sorted_with_their_images(tmp_path: Path) -> None:
    own = TrialArtifacts.at(str(tmp_path))
    write_answers(own, replace(ONE, groups=("anna", "", "bert")))
    read = read_answers(own)
    assert read is not None
    assert read.sorted().groups == ("", "bert", "anna")


def test_groups_of_other_images_are_damage(tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(json.dumps({**DOCUMENT, "groups": ["anna"]}))
    with pytest.raises(DataError, match="is damaged"):
        read_answers(TrialArtifacts.at(str(tmp_path)))
