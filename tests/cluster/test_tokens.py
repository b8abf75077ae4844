"""A token is looked for where Ray looks for it, and a new one is its owner's alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.cluster.tokens import ensure_token, read_token
from ferray.errors import ClusterError


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_variable_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of the file\n")
    assert read_token({"RAY_AUTH_TOKEN": "given", "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}) == "given"


def test_a_file_that_is_named_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of the file\n")
    assert read_token({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}) == "of the file"


def test_a_file_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="cannot be read"):
        read_token({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "none")})


def test_no_token_is_no_error() -> None:
    assert read_token({}) == ""


def test_who_switched_tokens_off_sends_none() -> None:
    assert read_token({"RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN": "given"}) == ""


def test_a_new_token_is_its_owners_alone(home: Path) -> None:
    written = ensure_token()
    assert written == home / ".ray" / "auth_token"
    assert (written.stat().st_mode & 0o777, len(read_token())) == (0o600, 64)


def test_a_token_that_is_there_stays() -> None:
    ensure_token()
    token = read_token()
    assert (ensure_token(), read_token()) == (None, token)


def test_a_token_that_others_may_read_becomes_its_owners() -> None:
    written = ensure_token()
    assert written is not None
    written.chmod(0o644)
    ensure_token()
    assert written.stat().st_mode & 0o777 == 0o600
