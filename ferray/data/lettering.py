"""How wide words are in DejaVu Sans, and how they are made to fit: shared by contact sheets and figures.

Sizes and widths go together in any one unit: pixels with pixels, points with points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

ELLIPSIS = "…"
MEASURED = 100  # the size at which letters are measured, where rounding to pixels does not show


def width_of(text: str, size: float) -> float:
    """How wide the text is in letters of this size."""
    return font(MEASURED).getlength(text) * size / MEASURED


def shortened(text: str, most: float, size: float) -> str:
    """The text if it is at most so wide, else its two ends around an ellipsis; what cannot be printed is a `?`."""
    plain = printable(text)
    num_kept = len(plain)
    short = plain
    while num_kept > 1 and width_of(short, size) > most:
        num_kept -= 1
        head = num_kept // 2
        short = plain[:head] + ELLIPSIS + plain[len(plain) - (num_kept - head) :]
    return short


def shortened_apart(names: Sequence[str], most: float, size: float) -> list[str]:
    """Every name shortened; those that would then look alike are numbered, `ang…ry (1)` and `ang…ry (2)`."""
    short = [shortened(name, most, size) for name in names]
    alike = {text for text, count in Counter(short).items() if count > 1}
    room = most - width_of(f" ({len(names)})", size)
    numbers: Counter[str] = Counter()
    for place, text in enumerate(short):
        if text in alike:
            numbers[text] += 1
            short[place] = f"{shortened(names[place], room, size)} ({numbers[text]})"
    return short


def broken(text: str, most: float, size: float) -> list[str]:
    """Lines of at most so wide, broken between words, or within one that is too long; one at least."""
    return list(_lines(printable(" ".join(text.split())), most, size))


def _lines(text: str, most: float, size: float) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width_of(joined, size) <= most:
            line = joined
            continue
        if line:
            yield line
        line = word
        while len(line) > 1 and width_of(line, size) > most:
            fits = next((end for end in range(len(line) - 1, 1, -1) if width_of(line[:end], size) <= most), 1)
            yield line[:fits]
            line = line[fits:]
    yield line


def printable(text: str) -> str:
    """The text on one line, with a `?` for every letter that has no picture."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans out of matplotlib's folder, so that letters are the same everywhere; Pillow's own knows no `Ж`."""
    found = find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return ImageFont.truetype(str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
