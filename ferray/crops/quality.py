"""What a person should look at: faces that are missed, several, small, blurred or tilted."""

from __future__ import annotations

from typing import Annotated

import cv2
from pydantic import Field

from ferray.crops.cutting import Image, inside
from ferray.crops.journal import Record
from ferray.data.images import resize
from ferray.faces import Detection
from ferray.registry import Params

FLAGS = ("missed", "several", "small", "blurred", "tilted", "bad")
MEASURED_PX = 96  # side to which a face is brought before its sharpness is measured


class Bounds(Params):
    """Where a flag begins: a box's shorter side under `small_px`, a sharpness under `blurred`, eyes over `tilted_deg`.

    The defaults are those under which a sharp portrait stays without a flag when it is halved, and gets one when it is
    blurred by a Gaussian of two pixels.
    """

    small_px: Annotated[float, Field(ge=0, le=10_000)] = 40
    blurred: Annotated[float, Field(ge=0, le=1e6)] = 30
    tilted_deg: Annotated[float, Field(ge=0, le=180)] = 15


def sharpness(image_HWC: Image, face: Detection) -> float:
    """Variance of the Laplacian of the face in grey at 96 x 96 pixels; a blurred face has little.

    Source: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000.
    """
    grey = cv2.cvtColor(resize(inside(image_HWC, face), MEASURED_PX), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def flags(record: Record, bounds: Bounds) -> tuple[str, ...]:
    """What is remarkable about a picture, of `FLAGS` and in their order; a bad one is bad and nothing else."""
    if record.bad:
        return ("bad",)
    face = record.chosen
    if face is None:
        return ("missed",)
    found = {
        "several": len(record.faces) > 1,
        "small": min(face.width, face.height) < bounds.small_px,
        "blurred": record.sharpness < bounds.blurred,
        "tilted": abs(face.tilt_deg or 0.0) > bounds.tilted_deg,
    }
    return tuple(flag for flag, holds in found.items() if holds)
