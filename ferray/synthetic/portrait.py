"""One drawn face: a person with an expression, painted with soft edges and photographed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferray.emotions import Emotion
from ferray.synthetic.camera import photograph
from ferray.synthetic.expression import pull_muscles
from ferray.synthetic.features import Shape, face_features
from ferray.synthetic.head import beard, before_the_face, behind_the_face, in_the_way
from ferray.synthetic.person import Person, Pose, hold_head, meet_person
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")

FRACTION_BITS = 4  # of a pixel, in the coordinates that OpenCV is given


def draw_portrait(emotion: Emotion, generator: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """A face with this expression, (size, size, 3) uint8 RGB.

    Everything about the face is drawn from the generator before anything that depends on the size, so one generator
    state gives the same face at every size.
    """
    person, pose = meet_person(generator), hold_head(generator)
    muscles = pull_muscles(emotion, generator)
    shapes = [*behind_the_face(person), *beard(person), *face_features(person, muscles), *before_the_face(person)]
    shapes += in_the_way(person, generator)
    canvas = _paint(shapes, person, pose, side=2 * size if size <= 128 else size)
    return photograph(canvas, generator, size)


def _paint(shapes: list[Shape], person: Person, pose: Pose, *, side: int) -> NDArray[np.uint8]:
    canvas = np.empty((side, side, 3), dtype=np.uint8)
    canvas[:] = person.backdrop
    for shape, points in zip(shapes, _projected(shapes, pose, side), strict=True):
        if shape.width:
            thickness = max(1, round(shape.width * pose.scale * side))
            cv2.polylines(canvas, [points], False, shape.colour, thickness, cv2.LINE_AA, FRACTION_BITS)
        else:
            cv2.fillPoly(canvas, [points], shape.colour, cv2.LINE_AA, FRACTION_BITS)
    return canvas


def _projected(shapes: list[Shape], pose: Pose, side: int) -> list[NDArray[np.int32]]:
    """All shapes in fixed-point pixels, projected in one go: a call for each would cost more than the painting."""
    points = np.concatenate([shape.points for shape in shapes])
    flat = np.repeat([shape.flat for shape in shapes], [len(shape.points) for shape in shapes])
    placed = np.where(flat[:, None], pose.project_flat(points), pose.project(points))
    fixed = np.rint(placed * side * 2**FRACTION_BITS).astype(np.int32)
    return np.split(fixed, np.cumsum([len(shape.points) for shape in shapes])[:-1])
