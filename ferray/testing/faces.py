"""The contract of face finders: one check a promise, each for what opens a finder.

Parametrise over `cases(ROOMS["faces"])` and call every function of `CHECKS` with `opener(name, params, folder)`, as
tests/faces/test_contract_faces.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.emotions import Emotion
from ferray.faces import Detection, FaceFinder
from ferray.faces._boxes import box_cells, write_boxes
from ferray.registry import ROOMS, Params
from ferray.synthetic.portrait import draw_portrait

NAME = "train/portrait.png"
SIDE = 160
HAND_DRAWN = Detection(40, 50, 80, 90, eyes=((60, 80), (100, 84)))

Opener = Callable[[], FaceFinder]


def opener(name: str, params: Params, folder: Path) -> Opener:
    """What opens the finder called `name`; one that reads boxes gets a csv in `folder` that knows `NAME`."""
    if "boxes" in type(params).model_fields:
        path = folder / "faces.csv"
        write_boxes(path, [{"source": NAME, **box_cells(HAND_DRAWN)}])
        params = params.model_copy(update={"boxes": str(path)})
    component = ROOMS["faces"].load(name)

    def open_finder() -> FaceFinder:
        finder: FaceFinder = component(params)
        return finder

    return open_finder


@cache
def portrait() -> NDArray[np.uint8]:
    """A drawn face, (160, 160, 3), read-only."""
    image = draw_portrait(Emotion.HAPPY, np.random.default_rng(3), SIDE)
    image.flags.writeable = False
    return image


def check_faces_can_be_cut(open_finder: Opener) -> None:
    """Boxes hold pixels of the picture, scores are in [0, 1]."""
    for face in open_finder().find(portrait(), NAME):
        assert face.width > 0
        assert face.height > 0
        assert -face.width < face.x < SIDE
        assert -face.height < face.y < SIDE
        assert 0 <= face.score <= 1


def check_eyes_are_in_the_box(open_finder: Opener) -> None:
    """Where eyes are known, they belong to the face."""
    for face in open_finder().find(portrait(), NAME):
        for x, y in face.eyes or ():
            assert face.x <= x <= face.x + face.width
            assert face.y <= y <= face.y + face.height


def check_finding_is_repeatable(open_finder: Opener) -> None:
    """Neither an instance nor what it has seen before changes what is found."""
    used = open_finder()
    used.find(np.zeros((64, 48, 3), dtype=np.uint8), NAME)
    assert used.find(portrait(), NAME) == open_finder().find(portrait(), NAME)


def check_any_size_is_searched(open_finder: Opener) -> None:
    """A picture may be a line or a point; a finder may find nothing in it, or call it bad by name for boxes."""
    for shape in ((1, 1), (2, 300), (300, 2), (11, 11)):
        for face in open_finder().find(np.full((*shape, 3), 90, dtype=np.uint8), "unknown"):
            assert face.area > 0


def check_identity_outlives_the_process(open_finder: Opener) -> None:
    """Two finders of the same parameters are the same, so that found faces are kept."""
    assert open_finder().identity(NAME) == open_finder().identity(NAME)


def check_samples_are_accepted(open_finder: Opener) -> None:
    """Where everything needed is there, nothing is refused."""
    open_finder().check([NAME, "another"])


CHECKS: tuple[Callable[[Opener], None], ...] = (
    check_faces_can_be_cut,
    check_eyes_are_in_the_box,
    check_finding_is_repeatable,
    check_any_size_is_searched,
    check_identity_outlives_the_process,
    check_samples_are_accepted,
)
