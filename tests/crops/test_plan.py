from __future__ import annotations

import pytest

from ferray.crops.plan import destinations, stem_of
from ferray.data.samples import Sample, SampleList

CLASSES = ("Angry", "a/b")


def listing(*samples: tuple[str, int, str]) -> SampleList:
    numbered = [Sample(number, name, label, part, name) for number, (name, label, part) in enumerate(samples)]
    return SampleList(tuple(numbered), CLASSES)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("SFEW/Angry/Film_000123_00001.png", "Film_000123_00001"),
        ("x/Harry.Potter_01_02.JPG", "Harry.Potter_01_02"),
        ("train/00012", "00012"),
        ("fer2013.csv:7", "fer2013.csv:7"),
    ],
)
def test_a_suffix_is_left_off_where_it_is_an_image(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_parts_become_folders() -> None:
    files = destinations(listing(("T/x.png", 0, "train"), ("V/x.png", 0, "val")))
    assert list(files.values()) == ["Train/Angry/x.png", "Val/Angry/x.png"]


def test_without_parts_there_is_a_folder_a_class() -> None:
    assert destinations(listing(("Angry/x.png", 0, "all"))) == {"Angry/x.png": "Angry/x.png"}


def test_crops_of_one_name_get_numbers() -> None:
    files = destinations(listing(("A/x.png", 0, "all"), ("A/x.jpg", 0, "all"), ("B/X.png", 0, "all")))
    assert list(files.values()) == ["Angry/x.png", "Angry/x-2.png", "Angry/X-3.png"]


def test_names_cannot_lead_out_of_the_folder() -> None:
    files = destinations(listing(("x/..", 1, "all"), ("fer.csv:7", 1, "all")))
    assert list(files.values()) == ["a_b/_.png", "a_b/fer.csv_7.png"]
