from __future__ import annotations

import pytest

from ferray.data.group_names import CK_PLUS, JAFFE, SFEW, recognised, set_without_groups


@pytest.mark.parametrize(
    ("stem", "film"),
    [
        ("AboutABoy_000144240_00000034", "aboutaboy"),
        ("50_50_000101334_00000012", "50_50"),
        ("21_002320560_00000049", "21"),
        ("Harry_Potter_2_011720134_00000001(1)", "harry_potter_2"),
        ("IMG20110101", ""),
        ("face_3", ""),
    ],
)
def test_the_film_is_read_from_a_name_of_sfew(stem: str, film: str) -> None:
    assert SFEW.group_of(stem) == film


@pytest.mark.parametrize(
    ("stem", "person"), [("S005_001_00000011", "s005"), ("S010_004_00000017_face", "s010"), ("face", "")]
)
def test_the_person_is_read_from_a_name_of_ck_plus(stem: str, person: str) -> None:
    assert CK_PLUS.group_of(stem) == person


@pytest.mark.parametrize(("stem", "person"), [("KA.AN1.39", "ka"), ("TM.NE3.181", "tm"), ("KA.XX1.39", "")])
def test_the_person_is_read_from_a_name_of_jaffe(stem: str, person: str) -> None:
    assert JAFFE.group_of(stem) == person


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("train_00001_aligned", "RAF-DB"),
        ("test_3068", "RAF-DB"),
        ("PrivateTest_10131363", "FER-2013"),
        ("S005_001_00000011", ""),
    ],
)
def test_names_that_tell_no_groups_are_known(stem: str, name: str) -> None:
    assert set_without_groups(stem) == name


@pytest.mark.parametrize(
    ("stems", "known"),
    [
        (["S005_001_00000011", "S010_004_00000017", "other"], CK_PLUS),
        (["KA.AN1.39", "KL.DI2.10"], JAFFE),
        (["Film_000000001_00000001"], SFEW),
        (["train_00001_aligned", "test_0001_aligned"], None),
        (["1", "2", "S005_001_00000011"], None),
        ([], None),
    ],
)
def test_a_way_of_naming_is_recognised_where_most_names_follow_it(stems: list[str], known: object) -> None:
    assert recognised(stems) is known
