"""Brows, eyes, nose and mouth of one face as coloured shapes in face coordinates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferray.synthetic.expression import Muscles
from ferray.synthetic.person import Colour, Person

ARC = np.linspace(-1.0, 1.0, 9)
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 16)), np.sin(np.linspace(0, 2 * np.pi, 16))], axis=1)
EYE_Y, MOUTH_Y = -0.14, 0.53


class Shape(NamedTuple):
    """A filled polygon, or a line of `width` in face units; `flat` shapes do not turn with the head."""

    points: NDArray[np.float64]
    colour: Colour
    width: float = 0.0
    flat: bool = False


def shade(colour: Colour, factor: float) -> Colour:
    """The colour darker (below 1) or lighter."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def line(*points: tuple[float, float]) -> NDArray[np.float64]:
    """Points as an array (P, 2)."""
    return np.array(points)


def face_features(person: Person, muscles: Muscles) -> list[Shape]:
    """Everything an expression moves, from back to front."""
    shapes = [*_eye(person, muscles, -1), *_eye(person, muscles, 1), *_nose(person, muscles)]
    shapes += [*_mouth(person, muscles), *_folds(person, muscles)]
    return [*shapes, _brow(person, muscles, -1), _brow(person, muscles, 1)]


def _eye(person: Person, muscles: Muscles, side: int) -> list[Shape]:
    centre, half = side * 0.36 * person.eye_gap, 0.17 * person.eye_size
    x = centre + half * ARC
    bulge = 1 - ARC**2
    upper = EYE_Y - max(0.012, 0.085 * (1 + 0.85 * muscles.eye_open)) * person.eye_size * bulge
    lower = EYE_Y + max(0.005, 0.06 * (1 - 0.6 * muscles.lower_lid)) * person.eye_size * bulge
    white = np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])
    iris = CIRCLE * 0.078 * person.eye_size + (centre, EYE_Y - 0.012)
    iris[:, 1] = np.clip(iris[:, 1], np.interp(iris[:, 0], x, upper), np.interp(iris[:, 0], x, lower))
    pupil = (iris - (centre, EYE_Y - 0.012)) * 0.5 + (centre, EYE_Y - 0.012)
    lid = np.stack([x, upper], 1)
    return [
        Shape(white, (236.0, 234.0, 230.0)),
        Shape(iris, person.iris),
        Shape(pupil, (12.0, 10.0, 10.0)),
        Shape(lid, shade(person.skin, 0.35), 0.03),
        Shape(np.stack([x, lower], 1), shade(person.skin, 0.72), 0.018),
    ]


def _brow(person: Person, muscles: Muscles, side: int) -> Shape:
    inner_x = 0.17 * person.eye_gap - 0.06 * muscles.brow_pinch
    x = np.linspace(inner_x, 0.58 * person.eye_gap, 5)
    base = EYE_Y - 0.245 - 0.07 * max(0.0, muscles.eye_open)
    inner, outer = base - 0.115 * muscles.brow_inner, base + 0.03 - 0.115 * muscles.brow_outer
    along = np.linspace(0, 1, 5)
    y = inner + (outer - inner) * along - 0.05 * np.sin(np.pi * along)
    colour = shade(person.hair, 0.8) if person.hair_length else shade(person.skin, 0.4)
    return Shape(np.stack([side * x, y], 1), colour, 0.06 * person.brow_width)


def _nose(person: Person, muscles: Muscles) -> list[Shape]:
    half, tip = 0.12 * person.nose_size * (1 + 0.25 * muscles.nose_wrinkle), 0.24 - 0.05 * muscles.nose_wrinkle
    base = line((-half, tip - 0.03), (-half * 0.4, tip + 0.03), (half * 0.4, tip + 0.03), (half, tip - 0.03))
    bridge = line((0.05 * person.nose_size, -0.1), (0.07 * person.nose_size, tip - 0.1))
    return [Shape(base, shade(person.skin, 0.62), 0.03), Shape(bridge, shade(person.skin, 0.86), 0.03)]


def _mouth(person: Person, muscles: Muscles) -> list[Shape]:
    half = 0.29 * person.mouth_size * (1 + 0.38 * muscles.width)
    corners = MOUTH_Y - 0.11 * muscles.corner
    middle = MOUTH_Y + 0.035 * muscles.corner
    jaw, lift = 0.3 * max(0.0, muscles.open), 0.085 * max(0.0, muscles.upper_lip)
    bulge = 1 - ARC**2
    upper = corners + (middle - 0.25 * jaw - lift - corners) * bulge
    lower = np.maximum(corners + (middle + 0.75 * jaw + 0.25 * lift - corners) * bulge, upper + 0.004)
    x = half * ARC
    inside = np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])
    teeth_end = np.minimum(upper + 0.075, lower)
    teeth = np.concatenate([np.stack([x, upper], 1), np.stack([x, teeth_end], 1)[::-1]])
    lip = (min(255.0, person.skin[0] * 0.8 + 10), person.skin[1] * 0.52, person.skin[2] * 0.54)
    shapes = [Shape(inside, (70.0, 22.0, 26.0))]
    if jaw + lift > 0.03:
        shapes.append(Shape(teeth[[*range(1, 8), *range(10, 17)]], (238.0, 234.0, 224.0)))
    lips = [Shape(np.stack([x, edge], 1), shade(lip, tone), 0.05) for edge, tone in ((upper, 0.82), (lower, 1.0))]
    return shapes + lips


def _folds(person: Person, muscles: Muscles) -> list[Shape]:
    """Lines that a strong pull leaves in the skin; faint ones stay out."""
    fold = shade(person.skin, 0.74)
    shapes = []
    cheek = max(muscles.corner, 0.8 * muscles.nose_wrinkle)
    if cheek > 0.4:
        for side in (-1, 1):
            cheek_line = line((side * 0.19, 0.2), (side * 0.33, 0.33), (side * (0.38 + 0.05 * muscles.width), 0.48))
            shapes.append(Shape(cheek_line, fold, 0.025))
    if muscles.brow_pinch > 0.45:
        shapes += [Shape(line((side * 0.05, -0.4), (side * 0.045, -0.26)), fold, 0.022) for side in (-1, 1)]
    if muscles.nose_wrinkle > 0.5:
        shapes += [Shape(line((-0.09, y), (0.0, y - 0.03), (0.09, y)), fold, 0.02) for y in (-0.08, 0.0)]
    if muscles.brow_inner > 0.6:
        shapes += [Shape(line((-0.3, y), (0.0, y - 0.02), (0.3, y)), fold, 0.02) for y in (-0.72, -0.63)]
    return shapes
