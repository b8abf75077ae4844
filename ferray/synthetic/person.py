"""Who is drawn: skin, hair, build, what they wear; and how they hold their head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]

SKINS = np.array([[250, 222, 202], [236, 194, 164], [216, 166, 130], [180, 128, 92], [134, 90, 62], [92, 60, 44]])
HAIRS = np.array([[28, 22, 20], [62, 40, 26], [110, 72, 40], [186, 142, 82], [150, 62, 30], [150, 148, 146]])
EYES = np.array([[70, 44, 26], [42, 30, 24], [84, 112, 84], [82, 116, 154]])


@dataclass(frozen=True)
class Person:
    """One person. Colours are RGB 0 to 255; sizes multiply a middle face's."""

    skin: Colour
    hair: Colour
    iris: Colour
    cloth: Colour
    backdrop: Colour
    jaw: float
    eye_gap: float
    eye_size: float
    mouth_size: float
    nose_size: float
    brow_width: float
    hair_length: float  # 0 bald, 1 short, above 1.4 to the shoulders
    fringe: float  # how far hair comes down over the forehead
    beard: float  # 0 none, up to 1
    glasses: bool


@dataclass(frozen=True)
class Pose:
    """How the head is held, angles in radians; `scale` and `shift` in parts of the picture's side."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    shift: tuple[float, float]

    def project(self, points_P2: NDArray[np.float64]) -> NDArray[np.float64]:
        """Face coordinates to the picture (0 to 1): the points lie on a rounded head that turns before a far camera."""
        x, y = points_P2[:, 0], points_P2[:, 1]
        z = 0.75 * np.sqrt(np.maximum(0.0, 1 - (x / 1.05) ** 2 - (y / 1.35) ** 2))
        across = x * np.cos(self.yaw) + z * np.sin(self.yaw)
        down = y * np.cos(self.pitch) + z * np.sin(self.pitch)
        return self._place(np.stack([across, down]))

    def project_flat(self, points_P2: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for outlines, which look alike from every side: only rolled, scaled and shifted."""
        return self._place(points_P2.T)

    def _place(self, points_2P: NDArray[np.float64]) -> NDArray[np.float64]:
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        rolled = np.array([[cos, -sin], [sin, cos]]) @ points_2P
        placed: NDArray[np.float64] = (rolled.T * self.scale) + 0.5 + np.asarray(self.shift)
        return placed


def meet_person(generator: np.random.Generator) -> Person:
    """Somebody; every trait drawn apart, so that none goes with an expression."""
    size = generator.normal(1.0, 0.08, 6).clip(0.75, 1.3)
    hair_length = float(generator.choice([0.0, 1.0, 1.2, 1.7], p=[0.08, 0.37, 0.3, 0.25]))
    return Person(
        skin=_blend(SKINS, generator),
        hair=_blend(HAIRS, generator),
        iris=_blend(EYES, generator),
        cloth=_any_colour(generator),
        backdrop=_any_colour(generator),
        jaw=float(size[0]),
        eye_gap=float(size[1]),
        eye_size=float(size[2]),
        mouth_size=float(size[3]),
        nose_size=float(size[4]),
        brow_width=float(size[5]) * float(generator.uniform(0.7, 1.5)),
        hair_length=hair_length,
        fringe=float(generator.uniform(0, 1)),
        beard=float(generator.random() < 0.18) * float(generator.uniform(0.3, 1.0)),
        glasses=bool(generator.random() < 0.15),
    )


def hold_head(generator: np.random.Generator) -> Pose:
    """Mostly frontal, turned by half a radian at most, as faces are after a detector."""
    yaw, pitch, roll = generator.normal(0, [0.2, 0.11, 0.09]).clip(-0.5, 0.5)
    shift = generator.normal(0, 0.022, 2)
    scale = generator.uniform(0.41, 0.48)
    return Pose(float(yaw), float(pitch), float(roll), float(scale), (float(shift[0]), float(shift[1]) + 0.02))


def _blend(palette: NDArray[np.int64], generator: np.random.Generator) -> Colour:
    first, second = palette[generator.integers(len(palette), size=2)]
    return _colour(first + generator.random() * 0.5 * (second - first) + generator.normal(0, 4, 3))


def _any_colour(generator: np.random.Generator) -> Colour:
    return _colour(generator.uniform(25, 235) + generator.normal(0, 28, 3))


def _colour(values: NDArray[np.float64]) -> Colour:
    red, green, blue = values.clip(0, 255).tolist()
    return (red, green, blue)
