from __future__ import annotations

import pytest

from ferray.data.class_names import DROPPED, ORDERS, ClassNames, sorted_classes


@pytest.mark.parametrize(
    ("word", "class_name"),
    [("anger", "Angry"), (" Angry ", "Angry"), ("AN", "Angry"), ("AF", "Fear"), ("suprise", "Surprise")],
)
def test_words_mean_one_expression_whoever_wrote_them(word: str, class_name: str) -> None:
    assert ClassNames().class_of(word) == class_name


@pytest.mark.parametrize(
    ("order", "number", "class_name"),
    [
        ("affectnet", "0", "Neutral"),
        ("affectnet", "6", "Angry"),
        ("affwild", "1", "Angry"),
        ("ckplus", "   3.0000000e+00", "Disgust"),
        ("fer2013", "6", "Neutral"),
        ("ferplus", "1", "Happy"),
        ("rafdb", "1", "Surprise"),
        ("sfew", "7", "Surprise"),
    ],
)
def test_a_number_is_read_in_the_order_of_its_set(order: str, number: str, class_name: str) -> None:
    assert ClassNames(order).class_of(number) == class_name


@pytest.mark.parametrize(("order", "number"), [("affectnet", "9"), ("affwild", "-1"), ("ferplus", "9")])
def test_numbers_of_no_expression_are_left_out_by_rule(order: str, number: str) -> None:
    assert ClassNames(order).class_of(number) == DROPPED


@pytest.mark.parametrize("word", ["smirk", "", "8", "1_0", "0.5", "nan", "inf"])
def test_a_foreign_label_says_nothing(word: str) -> None:
    assert ClassNames("rafdb").class_of(word) is None


def test_contempt_is_dropped_or_an_eighth_class() -> None:
    assert (ClassNames("ckplus").class_of("2"), ClassNames("ckplus", "keep").class_of("2")) == (DROPPED, "Contempt")


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_has_each_of_the_seven_once(order: str) -> None:
    first, words = ORDERS[order]
    numbers = range(first, first + len(words.split()))
    classes = [ClassNames(order, "keep").class_of(str(number)) for number in numbers]
    assert sorted(name for name in classes if name not in (DROPPED, "Contempt")) == sorted(ClassNames().all)


def test_classes_stand_in_the_order_of_labels() -> None:
    assert sorted_classes(["zeal", "Contempt", "Sad", "Angry"]) == ("Angry", "Sad", "Contempt", "zeal")
