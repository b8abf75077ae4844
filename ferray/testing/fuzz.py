"""Fuzzing with hypothesis: damaged copies of what is valid, and how many of them a test tries.

`FERRAY_FUZZ=20000` in the environment raises the number of inputs of every fuzz test from 200.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FUZZ = settings(
    max_examples=int(os.environ.get("FERRAY_FUZZ", "200")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def damaged(draw: st.DrawFn, originals: Sequence[bytes], fragments: Sequence[bytes] = ()) -> bytes:
    """One of the originals after one to four cuts, flips, repetitions and insertions, also of `fragments`."""
    data = draw(st.sampled_from(originals))
    pieces = st.binary(max_size=12)
    if fragments:
        pieces |= st.sampled_from(fragments)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from((0, 1, 1, 2, 4, 16, 400))))
        middle = draw(st.just(data[start:end] * 2) | pieces | st.just(bytes(byte ^ 1 for byte in data[start:end])))
        data = data[:start] + middle + (data[end:] if draw(st.integers(0, 9)) else b"")
    return data


def listing_of(folder: Path) -> list[str]:
    """Every path below a folder, sorted, to see whether something was written there."""
    return sorted(os.fsdecode(path) for path in folder.rglob("*"))
