from __future__ import annotations

import pytest

from ferray.text.counting import counted, gibibytes


@pytest.mark.parametrize(("count", "words"), [(0, "0 copies"), (1, "1 copy"), (2, "2 copies"), (1200, "1,200 copies")])
def test_one_of_them_is_in_the_singular(count: int, words: str) -> None:
    assert counted(count, "copy", "copies") == words


def test_the_plural_has_an_s_where_it_is_not_given() -> None:
    assert counted(3, "file") == "3 files"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (12_500, "12 KiB"),
        (300_000, "0.3 MiB"),
        (94 * 2**20, "94 MiB"),
        (5_700_000_000, "5.31 GiB"),
        (2**40, "1,024 GiB"),
    ],
)
def test_bytes_in_words(count: int, text: str) -> None:
    assert gibibytes(count) == text
