"""No password of a store is shown or written."""

from __future__ import annotations

import sys

import pytest

from ferray.cli import main
from ferray.config.urls import hide_passwords, without_password


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@host:5432/db",
        "postgresql://host:5432/db?user=user&password=secret",
        "postgresql://user:a%40secret@host:5432/db?sslmode=require",
        "postgresql://user:p@secret@host:5432/db",
    ],
)
def test_no_part_of_a_url_that_may_be_secret_is_shown(url: str) -> None:
    assert without_password(url) == "postgresql://host:5432/db"


def test_what_is_no_url_is_not_quoted() -> None:
    assert without_password("user:secret@host") == "(not a URL)"


@pytest.mark.parametrize("argument", ["sfew", "--trials=3", "optimizer.lr=1e-4", "ray://head:10001", "runs/a b"])
def test_other_arguments_stay_what_they_are(argument: str) -> None:
    assert hide_passwords(argument) == argument


def test_option_and_url_in_one_argument_are_told_apart() -> None:
    assert hide_passwords("--storage=mysql://u:secret@host/db") == "--storage=mysql://host/db"


def test_command_line_that_trackers_keep_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ferray", "leaderboard", "x", "--storage", "odd://u:secret@127.0.0.1:1/db"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert sys.argv[-1] == "odd://127.0.0.1:1/db"
