"""A slice of `bench.fuzz`: no damaged file of any kind ends in a traceback, a hang or another answer without a word."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.fuzz import Kind, kinds_in, play

NAMES = ("journal", "old journal", "space", "checkpoint", "list", "sets", "features")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kind]:
    return kinds_in(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_refused_or_read_as_it_stands(name: str, kinds: dict[str, Kind]) -> None:
    counts = play(kinds[name], 12, random.Random(f"0 {name}"))
    assert {bad: counts[bad] for bad in ("tracebacks", "hangs", "silent") if bad in counts} == {}, counts
    assert counts["played"] == 12


def test_a_reader_that_raises_anything_else_is_counted(tmp_path: Path) -> None:
    def read() -> str:
        return (tmp_path / "a").read_bytes().decode("ascii")

    counts = play(Kind(tmp_path / "a", b"plain text\n" * 9, read), 60, random.Random(0))
    assert counts["tracebacks"] > 0


def test_another_answer_of_a_reader_that_should_notice_is_counted(tmp_path: Path) -> None:
    kind = Kind(tmp_path / "a", b"0123456789" * 9, (tmp_path / "a").read_bytes, notices=True)
    assert play(kind, 60, random.Random(0))["silent"] > 0
