from __future__ import annotations

import pytest

from ferray.emotions import EMOTION_NAMES, Emotion
from ferray.errors import DataError


def test_labels_follow_the_order_of_the_sfew_material() -> None:
    assert EMOTION_NAMES == ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


@pytest.mark.parametrize(
    ("spelling", "emotion"),
    [
        ("Angry", Emotion.ANGRY),
        ("anger", Emotion.ANGRY),
        (" HAPPINESS ", Emotion.HAPPY),
        ("Surprised", Emotion.SURPRISE),
        ("sadness", Emotion.SAD),
    ],
)
def test_spellings_of_data_sets_are_read(spelling: str, emotion: Emotion) -> None:
    assert Emotion.parse(spelling) is emotion


def test_an_unknown_expression_is_offered_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean `disgust`"):
        Emotion.parse("digust")
