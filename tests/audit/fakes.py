"""A set of ten samples whose splits, labels and contents are as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ferray.audit.copies import CopyPair, groups_of
from ferray.audit.findings import Findings
from ferray.audit.pictures import Pictures
from ferray.data.samples import Sample

CLASSES = ("calm", "cross")
PARTS = ("train",) * 6 + ("val",) * 2 + ("test",) * 2


def pictures(
    labels: Sequence[int] = (0,) * 10, contents: Sequence[str] = (), greys: NDArray[np.uint8] | None = None
) -> Pictures:
    """Rows 0 to 5 are training, 6 and 7 validation, 8 and 9 test; row n has the id 100 + n and the name `n.png`."""
    samples = tuple(
        Sample(100 + row, f"{row}.png", label, part, f"{row}.png")
        for row, (label, part) in enumerate(zip(labels, PARTS, strict=True))
    )
    return Pictures(
        samples,
        np.array(labels, dtype=np.int64),
        np.array(PARTS),
        tuple(contents) or tuple(map(str, range(10))),
        np.zeros((0, 0, 0), dtype=np.uint8) if greys is None else greys,
        CLASSES,
    )


def findings(of: Pictures, pairs: Sequence[CopyPair], **others: tuple[int, ...]) -> Findings:
    """An audit that found these pairs."""
    identical = tuple(groups_of([pair for pair in pairs if pair.is_identical]))
    return Findings(
        of, identical, tuple(groups_of(pairs)), others.get("blank", ()), others.get("placeholders", ()), None
    )


def near(first: int, second: int) -> CopyPair:
    """Two near copies."""
    return CopyPair(first, second)


def same(first: int, second: int) -> CopyPair:
    """Two identical files."""
    return CopyPair(first, second, is_identical=True)
