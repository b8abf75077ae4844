"""Reading an HTML page back: its elements, the cells of its tables, and its data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = {"meta", "input", "img", "br", "link", "hr"}


@dataclass
class Element:
    """One element, with its attributes and all text below it."""

    name: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Of it and all elements in it, on one line."""
        return " ".join("".join(self.parts).split())

    def all(self, name: str) -> list[Element]:
        """The elements of a name below it, in order."""
        return [found for child in self.children for found in ([child] if child.name == name else []) + child.all(name)]

    def by_id(self, id_: str) -> Element:
        """The element of this id below it; LookupError where there is none."""
        for child in self.children:
            if child.attributes.get("id") == id_:
                return child
            try:
                return child.by_id(id_)
            except LookupError:
                continue
        raise LookupError(id_)

    def rows(self) -> list[dict[str, str]]:
        """Of a table: the texts of each row of its body by the headings of their columns."""
        (head,) = self.all("thead")
        names = [cell.text for cell in head.all("th")]
        (body,) = self.all("tbody")
        each = [[cell.text for cell in row.children if cell.name in ("td", "th")] for row in body.all("tr")]
        return [dict(zip(names, cells, strict=True)) for cells in each]


def read_page(text: str) -> Element:
    """The page as one element around all of it; ValueError where an element is not closed."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open is not reader.root:
        raise ValueError(f"`{reader.open.name}` is not closed")
    return reader.root


def data_of(page: Element) -> Any:
    """What a page's figures are drawn from."""
    return json.loads("".join(page.by_id("data").parts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.open = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.open.children.append(made)
        if tag not in _VOID:
            self.open = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.open))

    def handle_endtag(self, tag: str) -> None:
        if tag != self.open.name or self.open.parent is None:
            raise ValueError(f"`{tag}` closes `{self.open.name}`")
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        at: Element | None = self.open
        while at is not None:
            at.parts.append(data)
            at = at.parent
