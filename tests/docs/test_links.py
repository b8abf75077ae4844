"""What the pages point to is there, and their pictures are small and name no machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import FENCE, PAGES, ROOT, text_of

PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
LARGEST = 100_000  # bytes
LINK = re.compile(r"\]\(([^)\s]+)\)")


def targets(page: str) -> list[str]:
    return [link for link in LINK.findall(FENCE.sub("", text_of(page))) if "://" not in link]


def anchors(path: Path) -> set[str]:
    """The headings of a page as GitHub links to them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(page: str, link: str) -> bool:
    name, _, anchor = link.partition("#")
    path = (ROOT / page).parent / name if name else ROOT / page
    return path.exists() and (not anchor or anchor in anchors(path))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert [link for link in targets(page) if not is_there(page, link)] == []


def test_every_picture_is_shown_on_a_page() -> None:
    shown = {Path(link).name for page in PAGES for link in targets(page)}
    assert {picture.name for picture in PICTURES} <= shown


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_small(picture: Path) -> None:
    assert picture.stat().st_size <= LARGEST


@pytest.mark.parametrize(
    "picture", [picture for picture in PICTURES if picture.suffix == ".svg"], ids=lambda picture: picture.name
)
def test_a_picture_names_no_folder_of_a_machine_and_no_server(picture: Path) -> None:
    text = re.sub(r"<[^>]*>", "", picture.read_text(encoding="utf-8"))
    assert re.findall(r"/(?:home|root|tmp|work|Users|private|var)/|https?:", text) == []
