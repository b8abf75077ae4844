"""What a trained model says to each image of the test split: `answers.json` of its trial. N = images."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError

FORMAT = 1
_COLUMNS = ("sample_ids", "labels", "predictions")


@dataclass(frozen=True)
class Answers:
    """Classes by number (N,) of the images `sample_ids` (N,); `checkpoint` is the SHA-256 of the best.pt that spoke.

    `groups` (N,) are the people or films of the images, "" for one of nobody known; None where no image has one.
    """

    checkpoint: str
    sample_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    groups: tuple[str, ...] | None = None

    def sorted(self) -> Answers:
        """The same in the order of the ids."""
        order = np.argsort(self.sample_ids, kind="stable")
        groups = None if self.groups is None else tuple(self.groups[row] for row in order.tolist())
        return Answers(self.checkpoint, self.sample_ids[order], self.labels[order], self.predictions[order], groups)


def read_answers(artifacts: TrialArtifacts) -> Answers | None:
    """The answers of a trial, None where there are none; DataError where the file is damaged."""
    file = artifacts.answers
    try:
        with file.open() as stream:
            return _from_json(json.load(stream))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise DataError(f"`{file}` is damaged", f"delete it and `{artifacts.held_out}`, and judge again") from error


def write_answers(artifacts: TrialArtifacts, answers: Answers) -> None:
    """Replace the answers of a trial; StorageError where they cannot be written."""
    columns = {name: getattr(answers, name).tolist() for name in _COLUMNS}
    groups = {} if answers.groups is None else {"groups": answers.groups}
    document = {"format": FORMAT, "checkpoint": answers.checkpoint, **columns, **groups}
    artifacts.answers.write_text(json.dumps(document) + "\n")


def _from_json(data: dict[str, object]) -> Answers:
    if data["format"] != FORMAT:
        raise ValueError("another format")
    sample_ids, labels, predictions = (_column(data[name]) for name in _COLUMNS)
    if not len(sample_ids) == len(labels) == len(predictions):
        raise ValueError("columns of unequal length")
    groups = _groups(data.get("groups"))
    if groups is not None and len(groups) != len(labels):
        raise ValueError("columns of unequal length")
    return Answers(str(data["checkpoint"]), sample_ids, labels, predictions, groups)


def _groups(values: object) -> tuple[str, ...] | None:
    if values is None:
        return None
    if not isinstance(values, list):
        raise ValueError("not a list of groups")
    return tuple(map(str, values))


def _column(values: object) -> NDArray[np.int64]:
    found = np.array(values)
    if found.ndim != 1 or (len(found) and found.dtype != np.int64):
        raise ValueError("not a list of whole numbers")
    return found.astype(np.int64)
