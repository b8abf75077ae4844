"""A module that is imported when something of it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ferray.system.late import late


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "imported_late.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "imported_late", raising=False)
    return "imported_late"


def test_it_is_imported_with_the_first_question(module: str) -> None:
    asked = late(module)
    assert module not in sys.modules
    assert (asked.answer, module in sys.modules) == (42, True)


def test_what_looks_at_all_modules_imports_nothing(module: str) -> None:
    assert not hasattr(late(module), "__file__")
    assert module not in sys.modules


def test_what_it_lacks_is_said_as_by_the_module(module: str) -> None:
    with pytest.raises(AttributeError, match="imported_late"):
        late(module).nothing  # noqa: B018 (asking is the act)
