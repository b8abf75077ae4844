"""Openings that are rehearsed on a copy of the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.errors import ConfigError
from ferray.study.database import open_database, open_existing
from ferray.study.store import open_store


def test_a_database_without_tables_is_left_without_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    assert open_existing(url) is None
    assert list(tmp_path.iterdir()) == []


def test_a_database_with_sweeps_is_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    open_database(url)
    assert open_existing(url) is not None


@pytest.mark.parametrize("url", ["sqlite:////nowhere/s.db", "nonsense", "postgresql://u:secret@127.0.0.1:1/x"])
def test_a_store_that_does_not_answer_is_refused_in_the_same_words(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as rehearsed:
        open_existing(url)
    with pytest.raises(ConfigError) as opened:
        open_store(tmp_path, url)
    assert rehearsed.value.message == opened.value.message
    assert "secret" not in rehearsed.value.message
