"""What a trial says to each validation image by its best epoch: the logits that its score was computed from.

N = images, C = classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.files.os_errors import writing
from ferray.files.size_limits import read_within

FORMAT = 1
MOST_BYTES = 2**30
_KEY, _COLUMNS = "ferray", ("sample_ids", "labels", "logits")


@dataclass(frozen=True)
class ValidationLogits:
    """Logits (N, C) float32, corrected by the imbalance strategy, of the images `sample_ids` (N,) with `labels` (N,).

    `classes` are the columns; `epoch` is the one that the trial counts by.
    """

    epoch: int
    classes: tuple[str, ...]
    sample_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    logits: NDArray[np.float32]

    def sorted(self) -> ValidationLogits:
        """The same in the order of the ids."""
        order = np.argsort(self.sample_ids, kind="stable")
        sample_ids, labels, logits = self.sample_ids[order], self.labels[order], self.logits[order]
        return ValidationLogits(self.epoch, self.classes, sample_ids, labels, logits)


def read_validation_logits(artifacts: TrialArtifacts) -> ValidationLogits | None:
    """Those of a trial, None where there are none, as of one that was trained before they were kept.

    DataError for a file that is damaged.
    """
    file = artifacts.validation_logits
    try:
        return _unpacked(read_within(file, MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise DataError(f"`{file}` is damaged", "delete it: it is computed again from the best.pt beside it") from error


def write_validation_logits(artifacts: TrialArtifacts, found: ValidationLogits) -> None:
    """Replace those of a trial; StorageError where they cannot be written.

    It waits for no disk: they can be computed again.
    """
    known = json.dumps({"format": FORMAT, "epoch": found.epoch, "classes": list(found.classes)})
    columns = {name: np.ascontiguousarray(getattr(found, name)) for name in _COLUMNS}
    file = artifacts.validation_logits
    with writing(file), file.write(durable=False) as stream:
        stream.write(save(columns, {_KEY: known}))


def _unpacked(content: bytes) -> ValidationLogits:
    length = int.from_bytes(content[:8], "little")  # of the JSON header, by safetensors' format
    known = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_KEY])
    if known["format"] != FORMAT:
        raise ValueError("another format")
    columns = load(content)
    sample_ids, labels, logits = (columns[name] for name in _COLUMNS)
    classes = tuple(map(str, known["classes"]))
    if sample_ids.ndim != 1 or labels.shape != sample_ids.shape or logits.shape != (len(labels), len(classes)):
        raise ValueError("columns of unequal length")
    if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes) and np.isfinite(logits).all()):
        raise ValueError("labels or logits that are none")
    return ValidationLogits(int(known["epoch"]), classes, sample_ids, labels, logits)
