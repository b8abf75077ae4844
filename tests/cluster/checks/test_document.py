"""YAML with the lines of its values."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.document import NotYaml, read_documents

TEXT = """\
# a comment
a:
  b: [1, 2]
  c:
    - d: x
---
e: y
"""


@pytest.mark.parametrize(
    ("document", "path", "line"),
    [(0, ("a",), 2), (0, ("a", "b", 1), 3), (0, ("a", "c", 0, "d"), 5), (1, ("e",), 7), (0, ("a", "nosuch"), 2)],
)
def test_a_path_leads_to_its_line(document: int, path: tuple[str | int, ...], line: int) -> None:
    assert read_documents(TEXT)[document].line(path) == line


def test_a_key_that_stands_twice_is_refused_with_its_line() -> None:
    with pytest.raises(NotYaml) as raised:
        read_documents("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert (raised.value.message, raised.value.line) == ("the key `b` stands twice", 4)


def test_an_anchor_may_be_used_twice() -> None:
    assert read_documents("a: &x {b: 1}\nc: *x\nd: *x\n")[0].value["d"] == {"b": 1}


@pytest.mark.parametrize("text", ["a: &x {b: *x}\n", "a: &x [1, *x]\n"])
def test_an_anchor_that_holds_itself_is_refused(text: str) -> None:
    with pytest.raises(NotYaml, match="holds itself"):
        read_documents(text)


def test_what_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(NotYaml) as raised:
        read_documents("a: 1\nb: [\n")
    assert raised.value.line == 3


def test_tags_are_refused_outside_cloudformation() -> None:
    with pytest.raises(NotYaml):
        read_documents("a: !Sub x\n")


def test_tags_of_cloudformation_are_taken_for_what_stands_behind_them() -> None:
    assert read_documents("AWSTemplateFormatVersion: '2010-09-09'\na: !Sub x\n")[0].value["a"] == "x"
