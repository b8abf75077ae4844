"""A block's own variables, and those that were there before it."""

from __future__ import annotations

import os

import pytest

from ferray.system.environment import with_variables


@pytest.fixture(autouse=True)
def former(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRAY_A", "a")
    monkeypatch.setenv("FERRAY_B", "b")
    monkeypatch.delenv("FERRAY_C", raising=False)


def seen() -> list[str | None]:
    return [os.environ.get(name) for name in ("FERRAY_A", "FERRAY_B", "FERRAY_C")]


def test_block_has_its_variables_and_lacks_those_that_are_none() -> None:
    with with_variables({"FERRAY_A": "new", "FERRAY_B": None, "FERRAY_C": "c"}):
        assert seen() == ["new", None, "c"]


def test_what_was_there_before_is_put_back_however_it_ends() -> None:
    with pytest.raises(KeyboardInterrupt), with_variables({"FERRAY_A": "new", "FERRAY_B": None, "FERRAY_C": "c"}):
        raise KeyboardInterrupt
    assert seen() == ["a", "b", None]
