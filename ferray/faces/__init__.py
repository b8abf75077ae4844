"""The room of face croppers: each file says where the faces of a picture are.

H and W are a picture's height and width in pixels; x runs to the right and y down, from the corner of the first pixel.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.canonical import canonical_text

Point = tuple[float, float]


@dataclass(frozen=True)
class Detection:
    """A face: its box, which may reach beyond the picture, a score in [0, 1], and the eyes where they are known.

    Of the eyes, the one that is on the left in the picture of an upright face comes first.
    """

    x: float
    y: float
    width: float
    height: float
    score: float = 1.0
    eyes: tuple[Point, Point] | None = None

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        return self.width * self.height

    @property
    def tilt_deg(self) -> float | None:
        """The angle from level to the line through the eyes, -180 to 180, positive where the right eye is lower."""
        if self.eyes is None:
            return None
        (left_x, left_y), (right_x, right_y) = self.eyes
        return math.degrees(math.atan2(right_y - left_y, right_x - left_x))


class FaceFinder(ABC):
    """Finds the faces of one picture after another. Built with its parameters; nothing is loaded until asked."""

    Params: ClassVar[type[registry.Params]]
    version: ClassVar[int] = 1  # raised when the same picture gives other faces, so that old ones are not served
    exact: ClassVar[bool] = False  # whether boxes are cut as they are, without margin and rotation

    def __init__(self, params: registry.Params) -> None:
        self.params = params

    @abstractmethod
    def find(self, image_HWC: NDArray[np.uint8], name: str) -> list[Detection]:
        """The faces of the sample called `name`, (H, W, 3) uint8 RGB, in any order; none where it sees none.

        The same picture gives the same faces in every process. BadSampleError where what is known of this one sample
        cannot be.
        """

    def check(self, names: Sequence[str]) -> None:
        """Raise ConfigError or DataError where these samples cannot be searched; asked once, before any is."""
        return

    def identity(self, name: str) -> str:
        """All that decides this sample's faces beside its pixels; where it stays the same, found faces are kept."""
        return f"{self._called} {self.version} {canonical_text(self.params)}"

    @property
    def _called(self) -> str:
        """The module, as crops made before this room moved know it: another name would have every face cut anew."""
        return type(self).__module__.replace("ferray.faces.", "ferray.data.faces.", 1)
