"""What a check says about one file, as the tests compare it."""

from __future__ import annotations

from ferray.cluster.checks.check import check_files
from ferray.cluster.checks.report import Report


def report_on(text: str, path: str = "file.yaml") -> Report:
    """The report about a file alone."""
    return check_files({path: text})


def said_by(validator: str, text: str, path: str = "file.yaml") -> list[tuple[int | None, str]]:
    """Line and message of each finding of one validator."""
    return [(one.line, one.message) for one in report_on(text, path).findings if one.validator == validator]


def with_typo(text: str, right: str, wrong: str) -> str:
    """The text with a word of it misspelt; the word must be there."""
    assert right in text
    return text.replace(right, wrong, 1)
