"""Which orders of the same classes would be mistaken for each other."""

from __future__ import annotations

from ferray.audit.label_order import order_remarks
from ferray.emotions import EMOTION_NAMES


def test_the_seven_expressions_are_set_against_the_codes_of_fer2013() -> None:
    said = "FER-2013's own codes differ (6 Neutral, 4 Sad, 5 Surprise)"
    assert [remark.partition(":")[0] for remark in order_remarks(EMOTION_NAMES)] == [said]


def test_numbers_in_the_order_of_text_are_remarked_upon() -> None:
    assert order_remarks(("0", "1", "10", "2")) == [
        "class folders are numbers in the order of text: `10` is out of turn"
    ]


def test_numbers_in_order_are_not() -> None:
    assert order_remarks(("0", "1", "2")) == []


def test_expressions_by_other_names_have_numbers_of_their_own() -> None:
    classes = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
    assert len(order_remarks(classes)) == 1


def test_other_classes_are_left_alone() -> None:
    assert order_remarks(("cat", "dog")) == []
