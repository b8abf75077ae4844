"""Answers as they are told: lines, rows of a csv, one JSON document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ferray.inference.answers import Answer, Answers
from ferray.inference.files import Unanswered
from ferray.text.sanitize import csv_text

BOX = ("x", "y", "width", "height")
MOST_NAMED = 3  # classes of a line


def lines_of(found: Answers) -> Iterator[str]:
    """One line a face: where it is, and the likeliest classes with their probabilities."""
    for answer in found.answers:
        ranked = sorted(range(len(found.classes)), key=lambda label: -answer.probabilities[label])
        told = [f"{found.classes[label]} {answer.probabilities[label]:.3f}" for label in ranked[:MOST_NAMED]]
        yield f"{_place(answer)}: {told[0]}" + (f"  ({', '.join(told[1:])})" if told[1:] else "")


def csv_of(found: Answers) -> str:
    """A header, then one row a face: file, frame, second, box, predicted class, and a probability for each class."""
    header = ("file", "frame", "second", *BOX, "prediction", *found.classes)
    return csv_text([header, *(_row(answer, found.classes) for answer in found.answers)])


def document_of(found: Answers, model: str, passed_over: list[Unanswered]) -> dict[str, Any]:
    """All that came of it, as `ferray predict --json` prints it."""
    return {
        "model": model,
        "classes": list(found.classes),
        "answers": [_entry(answer, found.classes) for answer in found.answers],
        "without_face": [unanswered.file for unanswered in found.without_face],
        "unread": [asdict(unanswered) for unanswered in found.unread],
        "passed_over": [unanswered.file for unanswered in passed_over],
    }


def _entry(answer: Answer, classes: tuple[str, ...]) -> dict[str, Any]:
    box = answer.box
    return {
        "file": answer.file,
        **({} if answer.frame is None else {"frame": answer.frame, "second": answer.second}),
        **({} if box is None else {"box": {name: getattr(box, name) for name in BOX}, "score": box.score}),
        "prediction": classes[answer.label],
        "probabilities": dict(zip(classes, answer.probabilities, strict=True)),
    }


def _row(answer: Answer, classes: tuple[str, ...]) -> list[object]:
    frame = ("", "") if answer.frame is None else (answer.frame, f"{answer.second:.3f}")
    box = [""] * len(BOX) if answer.box is None else [f"{getattr(answer.box, name):.1f}" for name in BOX]
    return [answer.file, *frame, *box, classes[answer.label], *(f"{value:.6f}" for value in answer.probabilities)]


def _place(answer: Answer) -> str:
    at = "" if answer.second is None else f" at {answer.second:.2f} s"
    box = answer.box
    return f"{answer.file}{at}" + ("" if box is None else f" [{box.x:.0f}, {box.y:.0f}]")
