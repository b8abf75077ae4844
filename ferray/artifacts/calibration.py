"""The temperature by which a trial's logits, or an ensemble's, are to be divided: its `calibration.json`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ferray.artifacts.trial import TrialArtifacts
from ferray.files.atomic import json_document

FORMAT = 1


@dataclass(frozen=True)
class Calibration:
    """A temperature found on `n` validation images, and the expected calibration error (ECE) before and after it.

    `of` is the hash of what was calibrated: a best.pt, or an ensemble. Intervals are of 95 %, over images; those after
    and the difference are of images that had no part in their temperature.
    """

    of: str
    temperature: float
    n: int
    log_loss_before: float
    log_loss_after: float
    ece_before: float
    ece_before_interval: tuple[float, float]
    ece_after: float
    ece_after_interval: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain containers, `format` first."""
        return {"format": FORMAT, **asdict(self)}


def write_calibration(artifacts: TrialArtifacts, calibration: Calibration) -> None:
    """Replace it; StorageError where it cannot be written."""
    artifacts.calibration.write_text(json_document(calibration.to_json()))
