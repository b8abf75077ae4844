from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.crops.contact import tile_of, worth_a_look, write_sheets
from ferray.crops.journal import Record
from ferray.crops.report import Row
from ferray.data.images import read_rgb
from ferray.data.samples import Sample


def row(number: int, *flags: str) -> Row:
    name = f"Angry/{number}.png"
    return Row(Sample(number, name, 0, "all", name), "Angry", Record(name, "f", "c"), flags)


def grey(_: Row) -> NDArray[np.uint8]:
    return np.full((30, 40, 3), 77, dtype=np.uint8)


def numbers(rows: list[Row]) -> list[int]:
    return [row.sample.sample_id for row in rows]


def test_flagged_pictures_come_first_by_their_first_flag() -> None:
    rows = [row(0), row(1, "tilted"), row(2, "missed"), row(3, "small", "tilted"), row(4, "missed")]
    assert numbers(worth_a_look(rows, 9)) == [2, 4, 3, 1, 0]


def test_of_the_others_an_even_choice_is_shown() -> None:
    assert numbers(worth_a_look([row(number) for number in range(101)], 5)) == [0, 25, 50, 75, 100]


def test_no_more_are_shown_than_there_is_room_for() -> None:
    assert numbers(worth_a_look([row(number, "missed") for number in range(10)], 4)) == [0, 3, 6, 9]


def test_a_frequent_flag_leaves_room_for_the_others() -> None:
    rows = [row(number, "missed") for number in range(90)]
    rows += [row(100, "small"), row(101, "small"), *(row(number) for number in range(200, 220))]
    shown = numbers(worth_a_look(rows, 12))  # two of the rare flag, and half of the other ten each
    assert shown == [0, 22, 44, 67, 89, 100, 101, 200, 205, 210, 214, 219]


def test_a_tile_says_name_class_and_flags() -> None:
    tile = tile_of(row(3, "small", "tilted"), None)
    assert (tile.caption, tile.is_flagged) == (("3", "Angry", "small tilted"), True)


def test_a_picture_without_a_flag_has_a_plain_frame() -> None:
    assert not tile_of(row(3), None).is_flagged


def test_sheets_are_written_and_older_ones_taken_away(tmp_path: Path) -> None:
    (tmp_path / "contact-3.png").touch()
    names = write_sheets(tmp_path, [row(number) for number in range(81)], grey, title="81")
    assert names == ["contact.png", "contact-2.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert read_rgb(tmp_path / "contact.png").shape[0] > read_rgb(tmp_path / "contact-2.png").shape[0]
