from __future__ import annotations

import csv
import io
import json

from ferray.faces import Detection
from ferray.inference.answer_tables import csv_of, document_of, lines_of
from ferray.inference.answers import Answer, Answers
from ferray.inference.files import Unanswered

FOUND = Answers(
    ("Sad", "Happy"),
    [
        Answer("a.png", (0.25, 0.75)),
        Answer("=b.avi", (0.9, 0.1), box=Detection(1, 2, 3, 4, 0.5), frame=12, second=0.48),
    ],
    without_face=[Unanswered("c.png", "no face", "shows no face that is found")],
    unread=[Unanswered("d.png", "not a picture", "is not a picture")],
)


def test_a_line_names_the_likeliest_first() -> None:
    first, second = lines_of(FOUND)
    assert first == "a.png: Happy 0.750  (Sad 0.250)"
    assert second == "=b.avi at 0.48 s [1, 2]: Sad 0.900  (Happy 0.100)"


def test_a_row_has_a_column_for_each_class() -> None:
    header, first, _ = csv.reader(io.StringIO(csv_of(FOUND)))
    assert header == ["file", "frame", "second", "x", "y", "width", "height", "prediction", "Sad", "Happy"]
    assert first == ["a.png", "", "", "", "", "", "", "Happy", "0.250000", "0.750000"]


def test_a_file_whose_name_is_a_formula_is_none_in_a_spreadsheet() -> None:
    assert "\n'=b.avi," in csv_of(FOUND)


def test_the_document_holds_what_was_not_answered() -> None:
    document = document_of(FOUND, "m", [Unanswered("notes.txt", "no picture", "is no picture")])
    assert (document["without_face"], document["passed_over"]) == (["c.png"], ["notes.txt"])
    assert document["unread"] == [{"file": "d.png", "kind": "not a picture", "reason": "is not a picture"}]
    assert json.dumps(document, allow_nan=False)


def test_the_document_says_where_a_face_is() -> None:
    assert document_of(FOUND, "m", [])["answers"][1] == {
        "file": "=b.avi",
        "frame": 12,
        "second": 0.48,
        "box": {"x": 1, "y": 2, "width": 3, "height": 4},
        "score": 0.5,
        "prediction": "Sad",
        "probabilities": {"Sad": 0.9, "Happy": 0.1},
    }
