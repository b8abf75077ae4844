"""What is embedded in a page: the data as it is, but for texts that could do harm."""

from __future__ import annotations

import json

from ferray.reports.template import MOST_SIGNS, embedded


def test_texts_at_every_depth_are_made_visible_wherever_the_data_is_not_walked_through() -> None:
    data = {
        "trials": [{"value": 0.5, "message": "a\x1bb"}, {"deep": [{"text": ["\u202e\x7f", "é"]}]}, {"text": "plain"}],
        "curves": {"0": {"value": [0.1, None]}, "\x1b": {"\u2066": 1}},
        "\x07": "\x07",
    }
    assert json.loads(embedded(data)) == {
        "trials": [
            {"value": 0.5, "message": "a\\x1bb"},
            {"deep": [{"text": ["\\u202e\\x7f", "é"]}]},
            {"text": "plain"},
        ],
        "curves": {"0": {"value": [0.1, None]}, "\\x1b": {"\\u2066": 1}},
        "\\x07": "\\x07",
    }


def test_a_long_text_is_cut_and_says_so() -> None:
    (found,) = json.loads(embedded({"trials": ["x" * (MOST_SIGNS + 1)]}))["trials"]
    assert found == f"{'x' * MOST_SIGNS}… (1 more characters)"


def test_a_text_of_the_most_signs_is_whole() -> None:
    assert json.loads(embedded({"trials": ["x" * MOST_SIGNS]})) == {"trials": ["x" * MOST_SIGNS]}
