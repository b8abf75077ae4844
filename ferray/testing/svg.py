"""Where the words of an SVG stand: what leaves the canvas, and what lies over other words.

For figures as matplotlib writes them with `svg.fonttype: none`, in DejaVu Sans: a `text` element for each line, turned
by a `rotate` or not. Boxes are of the ink of the letters, in points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ferray.data.lettering import MEASURED, font

TEXT = "{http://www.w3.org/2000/svg}text"
NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"


@dataclass(frozen=True)
class Word:
    """A line of text and the four corners around its letters, (4, 2), y downwards."""

    text: str
    corners: NDArray[np.float64]

    def overlaps(self, other: Word) -> bool:
        """Whether the two boxes share ink, as boxes in any direction do that no line between them parts."""
        for box in (self.corners, other.corners):
            for edge in np.diff(box[:3], axis=0):
                normal = np.array([-edge[1], edge[0]]) / (np.hypot(*edge) or 1.0)
                ours, theirs = self.corners @ normal, other.corners @ normal
                if ours.max() <= theirs.min() + SLACK or theirs.max() <= ours.min() + SLACK:
                    return False
        return True


SLACK = 0.05  # points, the rounding of positions


def words_of(path: Path) -> list[Word]:
    """Every line of text, in the order of the file."""
    root = ElementTree.parse(path).getroot()
    found = (_word(element) for element in root.iter(TEXT) if (element.text or "").strip())
    return [word for word in found if np.ptp(word.corners, axis=0).all()]


def canvas_of(path: Path) -> tuple[float, float]:
    """Width and height in points."""
    *_, width, height = map(float, ElementTree.parse(path).getroot().attrib["viewBox"].split())
    return width, height


def outside(path: Path, *, margin: float = 1.0) -> list[str]:
    """The lines of text that come nearer to an edge of the canvas than this, or leave it."""
    size = np.array(canvas_of(path))
    return [
        word.text for word in words_of(path) if (word.corners < margin).any() or (word.corners > size - margin).any()
    ]


def overlapping(path: Path) -> list[tuple[str, str]]:
    """The pairs of lines that lie over each other."""
    words = words_of(path)
    low, high = (np.array([end(word.corners, axis=0) for word in words]).reshape(-1, 2) for end in (np.min, np.max))
    near = (low[:, None] < high[None]).all(axis=2)
    pairs = np.argwhere(np.triu(near & near.T, k=1)).tolist()
    return [(words[one].text, words[other].text) for one, other in pairs if words[one].overlaps(words[other])]


def _word(element: ElementTree.Element) -> Word:
    text, style, transform = element.text or "", element.attrib["style"], element.attrib.get("transform", "")
    size = float(_first(rf"font-size: {NUMBER}px", style) or 0)
    left, top, right, bottom = font(MEASURED).getbbox(text, anchor="ls")
    advance = font(MEASURED).getlength(text)
    shift = {"middle": -advance / 2, "end": -advance}.get(_first(r"text-anchor: (\w+)", style) or "start", 0.0)
    box = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float64)
    box[:, 0] += shift
    return Word(text, _turned(box * size / MEASURED, _angle(transform)) + _place(element, transform))


def _turned(box: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned: NDArray[np.float64] = box @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _angle(transform: str) -> float:
    return float(_first(rf"rotate\({NUMBER}", transform) or 0)


def _place(element: ElementTree.Element, transform: str) -> NDArray[np.float64]:
    moved = re.search(rf"translate\({NUMBER}[ ,]+{NUMBER}\)", transform)
    at = moved.groups() if moved else (element.attrib["x"], element.attrib["y"])
    return np.array(at, dtype=np.float64)


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return found.group(1) if found else None
