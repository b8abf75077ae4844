from __future__ import annotations

from ferray.data.same_pictures import Copies, same_pictures
from ferray.data.samples import Sample, SampleList


def listing(*contents: str) -> SampleList:
    samples = tuple(Sample(number, f"{number}", 0, "train", "") for number in range(3))
    return SampleList(samples, ("calm",), contents=contents)


def test_samples_of_one_content_are_one_picture() -> None:
    groups = same_pictures(listing("x", "y", "x"))
    assert [[sample.sample_id for sample in group] for group in groups] == [[0, 2]]


def test_where_contents_are_not_known_nothing_is_the_same() -> None:
    assert same_pictures(listing()) == []


def test_no_copies_are_no_words() -> None:
    assert Copies().in_words() == ""


def test_a_single_copy_is_told_in_the_singular() -> None:
    assert Copies(1, 1, 1).in_words() == (
        "1 of val is a copy of a training image, 1 of test is a copy of an image of train or val, "
        "1 picture stands under two labels"
    )


def test_many_copies_are_told_in_the_plural() -> None:
    assert Copies(val_in_train=2).in_words() == "2 of val are copies of training images"
    assert Copies(two_labels=1200).in_words() == "1,200 pictures stand under two labels"
