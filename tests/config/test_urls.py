"""No password of a store is shown or written."""

from __future__ import annotations

import sys
from urllib.parse import unquote

import pytest
from sqlalchemy import make_url

from ferray.cli import main
from ferray.config.urls import conceal, hide_passwords, openable, storable, without_password
from ferray.errors import ConfigError


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


ODD = ["p/w", "p@w", "p w", "p@w/x", "p?w", "p:w", "p#w", "p@w?x", "@", "p@@w", "pw@10.0.0.9/db"]


@pytest.mark.parametrize("password", ODD)
def test_a_password_may_hold_what_a_url_should_not(password: str) -> None:
    url = f"postgresql://user:{password}@host:5432/db"
    assert without_password(url) == "postgresql://host:5432/db"
    assert storable(url) == "postgresql://user@host:5432/db"


@pytest.mark.parametrize("password", [*ODD, "p%40w"])
def test_the_server_gets_the_password_as_it_was_written(password: str) -> None:
    url = make_url(openable(f"postgresql://user:{password}@host:5432/db?sslmode=require"))
    assert (url.username, url.password) == ("user", unquote(password))
    assert (url.host, url.port, url.database) == ("host", 5432, "db")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////data/me@lab/x.db",
        "postgresql://host/db?user=me",
        "postgresql+psycopg://u:p%40w@[::1]:1/db",
        "sqlite://",
    ],
)
def test_a_url_that_anybody_can_read_stays_as_it_is(url: str) -> None:
    assert openable(url) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:se/cret", "postgresql://***"),
        ("postgresql://host:1/db?user=me@lab&password=secret", "postgresql://***"),
        ("postgresql://user:secret@ho st/db", "postgresql://***"),
    ],
)
def test_where_no_end_of_the_password_is_found_nothing_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_url_without_a_server_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(ConfigError, match=r"`postgresql://\*\*\*` cannot be read") as error:
        openable("postgresql://user:se/cret")
    assert "%40" in error.value.hint


@pytest.mark.parametrize("argument", ["sfew", "--trials=3", "optimizer.lr=1e-4", "ray://head:10001", "runs/a b"])
def test_other_arguments_stay_what_they_are(argument: str) -> None:
    assert hide_passwords([argument]) == [argument]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--storage=mysql://u:sec ret@host/db"], ["--storage=mysql://host/db"]),
        (["--storage", "u:secret@host/db", "x"], ["--storage", "(not a URL)", "x"]),
        (["--storage=u:secret"], ["--storage=(not a URL)"]),
        (["mysql://u:sec ret@host/db"], ["mysql://host/db"]),
    ],
)
def test_all_that_the_option_is_given_is_hidden(given: list[str], shown: list[str]) -> None:
    assert hide_passwords(given) == shown


def test_a_message_that_quotes_a_part_of_the_url_is_cut_too() -> None:
    arguments = ["--storage", "mysql://u:sec/ret@host/db"]
    said = "cannot reach 'mysql://u:sec/ret@host/db': sec/ret and sec%2Fret are wrong"
    assert conceal(said, arguments) == "cannot reach 'mysql://host/db': *** and *** are wrong"


def test_command_line_that_trackers_keep_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ferray", "leaderboard", "x", "--storage", "odd://u:secret@127.0.0.1:1/db"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert sys.argv[-1] == "odd://127.0.0.1:1/db"
