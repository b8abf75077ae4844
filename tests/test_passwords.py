"""A store's password, wherever a sweep writes and whatever it prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from ferray.cli import main

PASSWORD = "sEcr/t@w rd"
SPACE = """
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
budget: {trials: 1}
sampler: random
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 35, epochs: 1}
space: {optimizer.lr: {log_uniform: [1e-3, 1e-2]}}
"""


class Guarded(SQLiteDialect_pysqlite):
    """A database server for tests: a file of SQLite that lets in who knows the password."""

    supports_statement_cache = True

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        if url.password != PASSWORD:
            raise PermissionError(f"password authentication failed for user {url.username}")
        args, options = super().create_connect_args(URL.create("sqlite", database=url.database))
        return list(args), dict(options)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    registry.register("guarded", __name__, "Guarded")
    (tmp_path / "tiny.yaml").write_text(SPACE)
    yield tmp_path
    registry.impls.pop("guarded")


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *more: str, password: str = PASSWORD) -> int:
    """A sweep of one trial that is kept in the database, all in this process."""
    store = f"guarded://user:{password}@localhost/{folder / 'store.db'}"
    words = ["sweep", str(folder / "tiny.yaml"), "--output", str(folder / "runs"), "--launcher", "inline"]
    monkeypatch.setattr(sys, "argv", ["ferray", *words, "--storage", store, *more])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def holds(text: bytes) -> bool:
    spellings = (PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), PASSWORD.rpartition("@")[2])
    return any(spelling.encode() in text for spelling in spellings)


def test_no_file_and_no_line_of_a_sweep_holds_the_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, folder) == 0
    said = "".join(capfd.readouterr())
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in written)
    assert [path for path in written if holds(path.read_bytes())] == []
    assert not holds(said.encode())


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_password_that_is_refused_is_not_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], more: list[str]
) -> None:
    wrong = "not/it@w rd"
    assert run(monkeypatch, folder, *more, "--tracker", "none", password=wrong) == 2
    said = capfd.readouterr().err
    assert "cannot be opened: password authentication failed" in said
    assert "not/it" not in said
    assert "w rd" not in said


def test_a_dry_run_of_a_sweep_that_was_begun_knows_the_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, folder, "--tracker", "none") == 0
    assert run(monkeypatch, folder, "--tracker", "none", "--dry-run") == 0, capfd.readouterr().err
