"""The head an expression sits on: shoulders, hair, ears, beard, glasses, and what gets in the way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray.synthetic.features import CIRCLE, EYE_Y, MOUTH_Y, Shape, line, shade
from ferray.synthetic.person import Person

TURN = np.linspace(0, 2 * np.pi, 28)


def behind_the_face(person: Person) -> list[Shape]:
    """Shoulders, neck, hair at the back, ears and the bare face."""
    outline = _outline(person)
    shoulders = line((-1.3, 2.0), (-1.0, 1.35), (-0.3, 1.12), (0.3, 1.12), (1.0, 1.35), (1.3, 2.0))
    neck = line((-0.32, 0.6), (-0.34, 1.3), (0.34, 1.3), (0.32, 0.6))
    shapes = [Shape(shoulders, person.cloth, flat=True), Shape(neck, shade(person.skin, 0.8), flat=True)]
    if person.hair_length > 0:
        shapes.insert(0, Shape(_back_hair(person), shade(person.hair, 0.85), flat=True))
    ears = [Shape(CIRCLE * (0.11, 0.19) + (side * 0.8, 0.02), shade(person.skin, 0.9), flat=True) for side in (-1, 1)]
    return [*shapes, *ears, Shape(outline, person.skin, flat=True)]


def before_the_face(person: Person) -> list[Shape]:
    """Hair over the forehead, and glasses."""
    shapes = []
    if person.hair_length > 0:
        arc = np.linspace(np.pi * 1.02, np.pi * 1.98, 12)
        top = np.stack([0.84 * np.cos(arc), -0.1 + 1.06 * np.sin(arc)], 1)
        hairline = -0.78 + 0.28 * person.fringe
        front = line((0.62, hairline), (0.2, hairline - 0.08), (-0.3, hairline - 0.02), (-0.66, hairline + 0.02))
        shapes.append(Shape(np.concatenate([top, front]), person.hair, flat=True))
    if person.glasses:
        rims = [Shape(CIRCLE * (0.23, 0.19) + (side * 0.36 * person.eye_gap, EYE_Y), _RIM, 0.03) for side in (-1, 1)]
        shapes += [*rims, Shape(line((-0.13, EYE_Y), (0.13, EYE_Y)), _RIM, 0.03)]
    return shapes


def beard(person: Person) -> list[Shape]:
    """A beard and moustache, thin or full; drawn under the mouth."""
    if person.beard == 0:
        return []
    mix = 0.35 + 0.6 * person.beard
    colour = tuple(mix * hair + (1 - mix) * skin for hair, skin in zip(person.hair, person.skin, strict=True))
    shade_colour = (colour[0], colour[1], colour[2])
    angles = np.linspace(0.12 * np.pi, 0.88 * np.pi, 12)
    jaw = np.stack([0.68 * person.jaw * np.cos(angles), 0.1 + 0.9 * np.sin(angles)], 1)
    inner = line((-0.42, 0.42), (-0.2, MOUTH_Y - 0.15), (0.2, MOUTH_Y - 0.15), (0.42, 0.42))
    return [Shape(np.concatenate([jaw, inner]), shade_colour)]


def in_the_way(person: Person, generator: np.random.Generator) -> list[Shape]:
    """A hand or an object before one in six faces, anywhere at their edge."""
    present = generator.random() < 0.16
    angle, reach = generator.uniform(0, 2 * np.pi), generator.uniform(0.55, 0.85)
    size, tone = generator.uniform(0.15, 0.34, 2), generator.uniform(0.55, 1.1)
    colour = shade(person.skin if generator.random() < 0.5 else person.cloth, float(tone))
    place = np.array([reach * np.cos(angle), reach * np.sin(angle)])
    return [Shape(CIRCLE * size + place, colour, flat=True)] if present else []


def _outline(person: Person) -> NDArray[np.float64]:
    x = 0.79 * np.cos(TURN)
    y = np.where(np.sin(TURN) > 0, 1.03, 1.0) * np.sin(TURN)
    chin = np.clip(np.sin(TURN), 0, None) ** 2
    return np.stack([x * (1 - (0.2 - 0.5 * (person.jaw - 1)) * chin), y - 0.02], 1)


def _back_hair(person: Person) -> NDArray[np.float64]:
    length = np.where(np.sin(TURN) > 0, max(0.25, person.hair_length - 0.6), 1.16)
    return np.stack([0.93 * np.cos(TURN), length * np.sin(TURN) - 0.03], 1)


_RIM = (30.0, 28.0, 30.0)
