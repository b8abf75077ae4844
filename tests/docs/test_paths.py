"""Modules and folders that the pages and docstrings name are where they say: what moves takes its name along."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import FENCE, PAGES, ROOT, SPAN, text_of

PACKAGE = ROOT / "ferray"
TOPS = {path.name for path in (*PACKAGE.iterdir(), *(ROOT / name for name in ("ferray", "tests", "bench", "cluster")))}
PATH = re.compile(r"([a-z_]+)/[a-z0-9_/]*(\.py)?")
MODULE = re.compile(r"ferray(\.\w+){2,}")
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))


def paths_in(text: str) -> list[str]:
    """Spans of code such as `sweeps/loop.py` or `study/load`, from the package or the repository, and `ferray.a.b`."""
    spans = SPAN.findall(text)
    found = map(PATH.fullmatch, spans)
    paths = [match[0] for match in found if match and (match[2] or match[1] in TOPS)]
    return paths + [span.replace(".", "/") for span in spans if MODULE.fullmatch(span)]


def is_there(path: str) -> bool:
    """Whether that is a file or a folder, or a name in a module."""
    bases, endings = (ROOT, PACKAGE, ROOT / "search_spaces"), ("", ".py", ".yaml")
    is_path = any((base / f"{path}{ending}").exists() for base in bases for ending in endings)
    return is_path or (ROOT / f"{path.rpartition('/')[0]}.py").exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_module_that_is_gone(page: str) -> None:
    assert [path for path in paths_in(FENCE.sub("", text_of(page))) if not is_there(path)] == []


def test_no_docstring_or_comment_names_a_module_that_is_gone() -> None:
    named = [(source, path) for source in SOURCES for path in paths_in(text_of(source))]
    assert named
    assert [(source, path) for source, path in named if not is_there(path)] == []
