"""Which number each class has, and where another order of the same classes would be mistaken for it."""

from __future__ import annotations

from collections.abc import Sequence

from ferray.data.layout import is_emotion
from ferray.emotions import EMOTION_NAMES

# Of FER-2013's csv, which many models and label files follow.
FER_CODES = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")


def order_remarks(classes: Sequence[str]) -> list[str]:
    """What may go wrong with these numbers, a sentence each; [] where nothing is known to."""
    if all(name.isdecimal() for name in classes):
        ordered = sorted(classes, key=int)
        first = next((name for name, other in zip(classes, ordered, strict=True) if name != other), None)
        return [] if first is None else [f"class folders are numbers in the order of text: `{first}` is out of turn"]
    if tuple(classes) == EMOTION_NAMES:
        moved = [name for name, other in zip(classes, FER_CODES, strict=True) if name != other]
        codes = ", ".join(f"{FER_CODES.index(name)} {name}" for name in moved)
        return [f"FER-2013's own codes differ ({codes}): labels and models that follow those need renumbering"]
    num_expressions = sum(map(is_emotion, classes))
    if num_expressions >= len(EMOTION_NAMES) - 1:
        return ["these numbers follow the names, and are not those of ferray's seven expressions"]
    return []
