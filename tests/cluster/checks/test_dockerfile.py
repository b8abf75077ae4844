"""The recipe of an image, as hadolint reads it."""

from __future__ import annotations

import pytest

from ferray.cluster.checks import dockerfile
from ferray.cluster.checks.dockerfile import NAME
from tests.cluster.checks.said import report_on, said_by

GOOD = "FROM python:3.11-slim\nWORKDIR /home\nRUN pip install --no-cache-dir --require-hashes -r pins.txt\nUSER 1000\n"


def test_a_good_recipe_is_let_pass() -> None:
    assert said_by(NAME, GOOD, "docker/Dockerfile") == []


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("WORKDIR /home", "WORKDIR home", 2),
        ("RUN pip", "RUNN pip", 3),
        ("USER 1000", "USER root", 4),
        (":3.11-slim", "", 1),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int) -> None:
    assert line in [number for number, _ in said_by(NAME, GOOD.replace(right, wrong), "docker/Dockerfile")]


def test_without_hadolint_a_recipe_is_named_as_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dockerfile, "program_path", lambda _: None)
    assert [one.validator for one in report_on(GOOD, "Dockerfile").not_checked] == [NAME]
