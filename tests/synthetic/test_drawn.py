from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.emotions import Emotion
from ferray.synthetic.expression import FULL, pull_muscles
from ferray.synthetic.person import Pose
from ferray.synthetic.portrait import draw_portrait


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def mean_muscles(emotion: Emotion) -> NDArray[np.float64]:
    """Mean of 400 faces, (10,)."""
    generated = generator()
    mean: NDArray[np.float64] = np.array([pull_muscles(emotion, generated) for _ in range(400)]).mean(axis=0)
    return mean


@pytest.mark.parametrize("size", [16, 48, 64, 129, 224])
def test_a_portrait_is_rgb_of_the_size_asked_for(size: int) -> None:
    image = draw_portrait(Emotion.HAPPY, generator(), size)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("seed", range(5))
def test_the_face_is_the_same_at_every_size(seed: int) -> None:
    small, large = (draw_portrait(Emotion.SAD, generator(seed), size) for size in (48, 96))
    shrunk = cv2.resize(large, (48, 48), interpolation=cv2.INTER_AREA)
    # Sensor grain differs and is at most 10 grey levels wide; a different face differs by 30 and more.
    assert np.abs(small.astype(float) - shrunk).mean() < 12


def test_the_same_generator_state_draws_the_same_pixels() -> None:
    first, second = (draw_portrait(Emotion.FEAR, generator(4), 40) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("emotion", list(Emotion))
def test_an_expression_is_nearer_to_itself_than_to_any_other(emotion: Emotion) -> None:
    mean = mean_muscles(emotion)
    distances = {other: float(np.linalg.norm(mean - 0.75 * np.array(FULL[other]))) for other in Emotion}
    assert min(distances, key=distances.__getitem__) == emotion


def test_a_happy_mouth_turns_up_and_a_sad_one_down() -> None:
    assert FULL[Emotion.HAPPY].corner > 0 > FULL[Emotion.SAD].corner


def test_no_jaw_is_closed_further_than_shut() -> None:
    generated = generator()
    assert min(pull_muscles(Emotion.NEUTRAL, generated).open for _ in range(200)) == 0


def test_a_frontal_face_lies_in_the_middle() -> None:
    pose = Pose(yaw=0, pitch=0, roll=0, scale=0.4, shift=(0, 0))
    assert pose.project(np.array([[0.0, 0.0], [0.5, -0.5]])).tolist() == [[0.5, 0.5], [0.7, 0.3]]


def test_a_turned_head_moves_the_nose_more_than_the_ears() -> None:
    pose = Pose(yaw=0.3, pitch=0, roll=0, scale=0.4, shift=(0, 0))
    nose, ear = pose.project(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert nose[0] - 0.5 > 0.9 - ear[0]
