"""The blocks of docs/python.md run as they stand, one after another in one folder, as a reader would run them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ferray
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_blocks_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(BLOCKS), "docs/python.md", "exec"), {"__name__": "__main__"})


def test_every_function_and_class_that_is_public_is_on_the_page() -> None:
    errors = {"ClusterError", "ConfigError", "DataError", "FerrayError", "SweepFailed"}
    named = [name for name in ferray.__all__ if name not in errors and not name.startswith("__")]
    assert [name for name in named if not re.search(rf"\b{name}\b", PAGE)] == []
