"""How many there are, also of bytes, in words that a reader does not stumble over."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """`1 file`, `1,200 files`: `many` is `one` with an s where it is not given."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or f'{one}s'}"


def gibibytes(count: int) -> str:
    """`12 KiB`, `0.3 MiB`, `94 MiB`, `5.3 GiB`."""
    mebi = count / 2**20
    if mebi < 0.1:
        return f"{count / 1024:.0f} KiB"
    if mebi >= 1000:
        return f"{mebi / 1024:.3g} GiB" if mebi < 1024 * 100 else f"{mebi / 1024:,.0f} GiB"
    return f"{mebi:.1f} MiB" if mebi < 10 else f"{mebi:.0f} MiB"
