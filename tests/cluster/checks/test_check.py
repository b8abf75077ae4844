"""All validators over all files."""

from __future__ import annotations

from ferray.cluster.checks.check import check_files
from ferray.cluster.checks.report import Finding, NotChecked, Report

BAD = "services: {x: {imag: y}}\n"


def test_each_file_has_the_validators_that_know_it() -> None:
    report = check_files({"a/compose.yaml": "services: {x: {image: y}}\n", "README.md": "ray start --head"})
    rules = "ferray's rules of safety"
    assert report.validators == {"a/compose.yaml": ("the Compose specification", rules), "README.md": ()}


def test_findings_come_by_line() -> None:
    report = check_files({"b.yaml": "services:\n  x: {imag: y}\n  z: {imag: y}\n", "a.yaml": BAD})
    assert [(finding.file, finding.line) for finding in report.findings] == [
        ("b.yaml", 2),
        ("b.yaml", 3),
        ("a.yaml", 1),
    ]


def test_a_warning_is_no_error() -> None:
    warning = Finding("a", 1, "x", "y", "warning")
    report = Report.of("a", [warning, NotChecked("a", "z", "not here")])
    assert (report.errors, report.to_json()["ok"]) == ((), True)
    assert str(warning) == "a:1: warning: y (x)"


def test_the_document_has_findings_and_what_was_not_checked() -> None:
    document = check_files({"a.yaml": BAD}).to_json()
    assert document["ok"] is False
    assert document["findings"][0] == {
        "file": "a.yaml",
        "line": 1,
        "validator": "the Compose specification",
        "message": "`imag` is no field of `services.x`: did you mean `image`?",
        "severity": "error",
    }
    assert document["not_checked"] == []
