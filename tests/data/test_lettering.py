from __future__ import annotations

import pytest

from ferray.data.lettering import ELLIPSIS, broken, shortened, shortened_apart, width_of

LONG = "a_film_with_a_long_name_000123_face_at_0007"


def test_letters_of_twice_the_size_are_twice_as_wide() -> None:
    assert width_of("wide", 20) == pytest.approx(2 * width_of("wide", 10))


def test_a_long_name_keeps_both_ends_around_a_mark() -> None:
    head, tail = shortened(LONG, 104, 10).split(ELLIPSIS)
    assert (LONG.startswith(head), LONG.endswith(tail), min(len(head), len(tail)) > 5) == (True, True, True)


@pytest.mark.parametrize("text", [LONG, "W" * 80, "怒" * 40, "i" * 500])
def test_a_shortened_name_fits(text: str) -> None:
    assert width_of(shortened(text, 104, 10), 10) <= 104


def test_a_name_that_fits_is_whole() -> None:
    assert shortened("angry_0001", 104, 10) == "angry_0001"


def test_what_cannot_be_printed_is_marked() -> None:
    assert shortened("a\nb\x00c\x1b", 104, 10) == "a?b?c?"


def test_lines_are_broken_between_words() -> None:
    assert broken("one two  three", width_of("one two", 9), 9) == ["one two", "three"]


@pytest.mark.parametrize("text", ["x" * 400, f"one {'y' * 99} two", "W", "", "WWW " * 50])
def test_every_line_fits(text: str) -> None:
    assert [line for line in broken(text, 60, 9) if width_of(line, 9) > 60] == []


def test_nothing_is_lost_in_breaking() -> None:
    text = f"one {'y' * 99} two"
    assert "".join(broken(text, 60, 9)).replace(" ", "") == text.replace(" ", "")


def test_a_letter_that_is_wider_than_the_line_stands_alone() -> None:
    assert broken("WW", 1, 9) == ["W", "W"]


def test_a_text_without_words_is_one_empty_line() -> None:
    assert broken(" ", 60, 9) == [""]


def test_names_that_would_look_alike_are_numbered() -> None:
    names = [f"{'a' * 50}{letter}{'z' * 50}" for letter in "bcd"]
    short = shortened_apart([*names, "happy"], 104, 10)
    assert ([text[-4:] for text in short[:3]], short[3]) == ([" (1)", " (2)", " (3)"], "happy")


def test_numbered_names_fit() -> None:
    names = ["a" * 50 + letter + "z" * 50 for letter in "bcd"]
    assert max(width_of(text, 10) for text in shortened_apart(names, 104, 10)) <= 104
