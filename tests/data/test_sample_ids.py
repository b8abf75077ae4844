from __future__ import annotations

from ferray.data.sample_ids import SampleIds


def test_an_id_is_made_of_path_and_content() -> None:
    ids = [SampleIds().of(*made_of) for made_of in (("a", "x"), ("b", "x"), ("a", "y"), ("a", "x"))]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_an_id_does_not_depend_on_those_before_it() -> None:
    ids = SampleIds()
    ids.of("b", "x")
    assert ids.of("a", "x") == SampleIds().of("a", "x")


def test_the_same_path_and_content_again_is_another_sample() -> None:
    ids = SampleIds()
    assert len({ids.of("a", "x") for _ in range(3)}) == 3


def test_an_id_has_digits_that_a_spreadsheet_keeps() -> None:
    assert all(0 <= SampleIds().of(f"{number}", "") < 10**15 for number in range(1000))


def test_a_path_that_is_no_text_has_an_id() -> None:
    assert SampleIds().of("a\udcff.png", "x") > 0
