from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.errors import DataError
from ferray.results.confirmation import CONFIRMATION_NAME, read_confirmation, write_confirmation
from ferray.results.finalists import Pair
from ferray.testing.fake_confirmation import fake_confirmation

FOUND = fake_confirmation()
DOCUMENT = FOUND.to_json()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_confirmation(tmp_path, FOUND)
    assert read_confirmation(tmp_path) == FOUND


def test_a_sweep_without_one_has_none(tmp_path: Path) -> None:
    assert read_confirmation(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({**DOCUMENT, "format": 2}),
        json.dumps({**DOCUMENT, "rows": [{**DOCUMENT["rows"][0], "mean": "nan"}]}),
        json.dumps({**DOCUMENT, "pairs": [{**DOCUMENT["pairs"][0], "interval": [0.1]}]}),
        json.dumps({**DOCUMENT, "readings": [{}]}),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / CONFIRMATION_NAME).write_text(text)
    with pytest.raises(DataError, match=CONFIRMATION_NAME):
        read_confirmation(tmp_path)


def test_the_sentence_says_what_differs_and_what_does_not() -> None:
    assert FOUND.sentence == (
        "On 40 test images and over 3 fresh seeds, trial-4 has UAR 0.750 [0.650, 0.850] "
        "(chosen by 0.750 on validation); "
        "it is not distinguishable from trial-0 (+0.050 [-0.080, 0.180], p = 0.400); "
        "it is better than baseline (+0.300 [0.150, 0.450], p = 0.001)"
    )


def test_the_sentence_turns_a_pair_that_names_the_first_second() -> None:
    turned = replace(FOUND, pairs=tuple(pair.turned() for pair in FOUND.pairs))
    assert turned.sentence == FOUND.sentence


def test_the_sentence_says_which_trainings_are_missing() -> None:
    lossy = replace(FOUND, rows=(replace(FOUND.rows[0], num_lost=2), *FOUND.rows[1:]))
    assert lossy.sentence.endswith("Trainings that did not complete are in no mean: 2 of trial-4")


def test_nested_folds_are_no_test_images() -> None:
    nested = replace(FOUND, split="nested", num_folds=5)
    assert nested.sentence.startswith("Over 40 images, each held out once in 5 folds, and 3 fresh seeds, trial-4")


def test_the_verdict_is_that_of_the_corrected_p() -> None:
    assert Pair("a", "b", 9, 0.1, (0.01, 0.2), p=0.03, holm_p=0.06).verdict == "not distinguishable"


def test_equal_means_are_not_distinguishable() -> None:
    assert Pair("a", "b", 9, 0.0, None, p=1.0, holm_p=1.0).verdict == "not distinguishable"


def test_a_lower_mean_is_worse() -> None:
    assert Pair("a", "b", 9, -0.1, (-0.2, -0.01), p=0.01, holm_p=0.02).verdict == "worse"
