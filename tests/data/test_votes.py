"""How the votes of several annotators become a label and shares. FER+'s ten columns, in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.data.bad_samples import BadSample
from ferray.data.class_names import ClassNames
from ferray.data.votes import NO_FACE, OF_CONTEMPT, UNKNOWN, Verdict, VotedRow, VoteRule, voted_rows
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.testing.fake_sets import FERPLUS_HEADER, write_rows

DROPPED, KEPT = ClassNames("ferplus"), ClassNames("ferplus", "keep")
#         neutral happy surprise sad angry disgust fear contempt unknown nf
TORN = (4, 0, 0, 1, 3, 2, 0, 0, 0, 0)


def judge(*counts: int, names: ClassNames = DROPPED, least_votes: int = 2) -> Verdict | str:
    return VoteRule(names, least_votes).judge(counts)


def test_shares_are_of_the_votes_that_count() -> None:
    # The single vote for sad does not count: 4 of 9, 3 of 9, 2 of 9.
    assert judge(*TORN) == Verdict(Emotion.NEUTRAL, (3 / 9, 2 / 9, 0, 0, 4 / 9, 0, 0), 4 / 9)


def test_every_vote_counts_where_one_is_enough() -> None:
    found = judge(*TORN, least_votes=1)
    assert isinstance(found, Verdict)
    assert found.shares[Emotion.SAD] == 1 / 10


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 0, 0, 10), NO_FACE),
        ((4, 0, 0, 0, 0, 0, 0, 0, 6, 0), UNKNOWN),
        ((5, 0, 0, 0, 0, 0, 0, 0, 5, 0), UNKNOWN),
        ((5, 0, 0, 0, 0, 0, 0, 0, 0, 5), NO_FACE),
        ((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), UNKNOWN),
        ((0, 0, 0, 0, 0, 0, 0, 0, 0, 0), UNKNOWN),
        ((3, 0, 0, 0, 0, 0, 0, 7, 0, 0), OF_CONTEMPT),
    ],
)
def test_what_no_expression_leads_is_left_out(counts: tuple[int, ...], why: str) -> None:
    assert judge(*counts) == why


def test_votes_for_unknown_are_no_target_but_weigh_against_agreement() -> None:
    found = judge(6, 0, 0, 0, 0, 0, 0, 0, 4, 0)
    assert found == Verdict(Emotion.NEUTRAL, (0, 0, 0, 0, 1, 0, 0), 0.6)


def test_votes_for_contempt_go_with_it() -> None:
    found = judge(6, 0, 0, 0, 0, 0, 0, 4, 0, 0)
    assert found == Verdict(Emotion.NEUTRAL, (0, 0, 0, 0, 1, 0, 0), 0.6)


def test_contempt_may_be_an_eighth_class() -> None:
    found = judge(4, 0, 0, 0, 0, 0, 0, 6, 0, 0, names=KEPT)
    assert found == Verdict(7, (0, 0, 0, 0, 0.4, 0, 0, 0.6), 0.6)


def test_of_equal_leaders_the_first_column_is_the_label() -> None:
    found = judge(0, 0, 5, 0, 5, 0, 0, 0, 0, 0)
    assert isinstance(found, Verdict)
    assert (found.label, found.agreement) == (Emotion.SURPRISE, 0.5)


def rows(folder: Path, *lines: str) -> list[VotedRow | BadSample]:
    write_rows(folder / "votes.csv", lines)
    return list(voted_rows(folder / "votes.csv", "votes.csv"))


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    header = ",".join(reversed(FERPLUS_HEADER.split(",")))
    (row,) = rows(tmp_path, header, "0,1,2,3,4,5,6,7,8,9,fer1.png,Training")
    assert row == VotedRow("votes.csv:2", (9, 8, 7, 6, 5, 4, 3, 2, 1, 0), "fer1.png", "Training")


def test_a_list_without_a_header_has_the_votes_behind_the_box(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, 'fer1.png,"(0, 0, 48, 48)",4,0,0,1,3,2,0,0,0,0')
    assert row == VotedRow("votes.csv:1", TORN, "fer1.png", "")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column `contempt`"):
        rows(tmp_path, FERPLUS_HEADER.replace("contempt", "scorn"), "Training,a.png,1,2,3,4,5,6,7,8,9,0")


@pytest.mark.parametrize("cell", ["-1", "x", "", "2.5", "²", "99999999999999999999"])
def test_what_is_no_count_is_a_bad_row(tmp_path: Path, cell: str) -> None:
    (row,) = rows(tmp_path, FERPLUS_HEADER, f"Training,a.png,1,2,3,4,5,6,7,8,9,{cell}")
    assert isinstance(row, BadSample)
    assert row.reason == f"has `{cell[:20]}` votes for nf, which is no count"


def test_a_row_of_another_length_is_a_bad_row(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, FERPLUS_HEADER, "Training,a.png,1,2,3")
    assert isinstance(row, BadSample)
    assert row.reason == "has `5` cells under `12` columns"
