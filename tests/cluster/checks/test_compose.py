"""Files of `docker compose`, held against the Compose specification."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.compose import NAME
from tests.cluster.checks.said import said_by, with_typo

GOOD = """\
services:
  store:
    image: postgres:17
    environment: {POSTGRES_PASSWORD_FILE: /run/secrets/password}
    secrets: [password]
    ports: ["127.0.0.1:5432:5432"]
secrets:
  password: {file: ./password}
"""


def test_a_good_file_is_let_pass() -> None:
    assert said_by(NAME, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("image", "imag", 3, "did you mean `image`?"),
        ("secrets:\n  pass", "secretz:\n  pass", 7, "did you mean `secrets`?"),
        ('ports: ["127.0.0.1:5432:5432"]', "ports: x", 6, "`x` is not of the type array"),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    said = said_by(NAME, with_typo(GOOD, right, wrong))
    assert [(number, message) for number, message in said if number == line and words in message], said
