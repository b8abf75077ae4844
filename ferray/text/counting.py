"""How many there are, in words that a reader does not stumble over."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """`1 file`, `1,200 files`: `many` is `one` with an s where it is not given."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or f'{one}s'}"
