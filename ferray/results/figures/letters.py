"""Letters that DejaVu Sans does not have, such as Japanese: another installed font where there is one."""

from __future__ import annotations

from functools import cache

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

FAMILY = "DejaVu Sans"
OTHERS = (
    *("Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei", "PingFang SC"),
    *("Noto Sans CJK SC", "Noto Sans CJK KR", "Malgun Gothic", "WenQuanYi Zen Hei", "Source Han Sans", "SimHei"),
    *("Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "Arial Unicode MS"),
)


def dress(figure: Figure) -> set[str]:
    """Give every text that needs it fonts that have its letters; returns the letters that none has."""
    lacking: set[str] = set()
    for text in figure.findobj(Text):
        foreign = set(text.get_text()) - _letters(FAMILY) - {"\n"}
        if foreign:
            text.set_fontfamily([FAMILY, *_installed()])
            lacking |= foreign - {letter for family in _installed() for letter in foreign & _letters(family)}
    return lacking


@cache
def _installed() -> tuple[str, ...]:
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(name for name in OTHERS if name in known)


@cache
def _letters(family: str) -> frozenset[str]:
    path = font_manager.findfont(font_manager.FontProperties(family=family), fallback_to_default=False)
    return frozenset(map(chr, FT2Font(path).get_charmap()))
