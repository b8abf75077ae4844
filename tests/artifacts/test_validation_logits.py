"""What a trial says to each validation image, kept beside its best.pt."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, read_validation_logits, write_validation_logits
from ferray.errors import DataError
from ferray.testing.memory_files import KIND


def found(**changes: object) -> ValidationLogits:
    columns = {
        "sample_ids": np.array([5, 2, 9]),
        "labels": np.array([0, 1, 1]),
        "logits": np.array([[1.5, -2.0], [0.25, 0.5], [-1.0, 3.0]], dtype=np.float32),
    }
    return ValidationLogits(**{"epoch": 3, "classes": ("Happy", "Sad"), **columns, **changes})


@pytest.fixture(params=["local", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> TrialArtifacts:
    root = str(tmp_path) if request.param == "local" else f"{KIND}://{uuid4().hex}"
    trial = TrialArtifacts.at(f"{root}/trials/0000-ab")
    trial.make()
    return trial


def test_what_was_written_is_read(artifacts: TrialArtifacts) -> None:
    write_validation_logits(artifacts, found())
    again = read_validation_logits(artifacts)
    assert again is not None
    assert (again.epoch, again.classes, again.sample_ids.tolist(), again.labels.tolist()) == (
        3,
        ("Happy", "Sad"),
        [5, 2, 9],
        [0, 1, 1],
    )
    assert np.array_equal(again.logits, found().logits)


def test_a_trial_from_before_they_were_kept_has_none(artifacts: TrialArtifacts) -> None:
    assert read_validation_logits(artifacts) is None


def test_sorting_keeps_rows_together() -> None:
    ordered = found().sorted()
    assert (ordered.sample_ids.tolist(), ordered.labels.tolist()) == ([2, 5, 9], [1, 0, 1])
    assert ordered.logits[:, 0].tolist() == [0.25, 1.5, -1.0]


@pytest.mark.parametrize("content", [b"", b"torn", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0{}"], ids=range(4))
def test_a_damaged_file_is_named_with_a_way_out(artifacts: TrialArtifacts, content: bytes) -> None:
    with artifacts.validation_logits.write() as stream:
        stream.write(content)
    with pytest.raises(DataError, match="is damaged") as caught:
        read_validation_logits(artifacts)
    assert "computed again" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.array([0, 1, 2])},
        {"labels": np.array([0, 1])},
        {"logits": np.full((3, 2), np.nan, dtype=np.float32)},
        {"classes": ("Happy",)},
    ],
    ids=["a class that is none", "a label too few", "no numbers", "a column too many"],
)
def test_columns_that_do_not_go_together_are_damage(artifacts: TrialArtifacts, change: dict[str, object]) -> None:
    write_validation_logits(artifacts, found(**change))
    with pytest.raises(DataError, match="is damaged"):
        read_validation_logits(artifacts)
