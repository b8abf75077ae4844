"""Pictures in which there is no face to be seen: blank ones, and what stands in the place of a missing picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray.audit.copies import FLATTEST

WIDTH = 5  # grey levels that count as one
# Of FER-2013's pictures that are not blank 40 have so much of one grey: signs, lines of text, and two or three faces in
# the dark. Of those just below it most are drawn faces.
MOST_OF_ONE_GREY = 0.6


def blank_rows(greys: NDArray[np.uint8]) -> list[int]:
    """Rows of (N, S, S) that show nothing: one colour, or a haze of it."""
    return [row for row, grey in enumerate(greys) if grey.std() < FLATTEST]


def placeholder_rows(greys: NDArray[np.uint8]) -> list[int]:
    """Rows of (N, S, S) that are no blank and mostly of one grey, as a sign or a line of text is; to be looked at."""
    return [row for row, grey in enumerate(greys) if grey.std() >= FLATTEST and one_grey(grey) >= MOST_OF_ONE_GREY]


def one_grey(grey_HW: NDArray[np.uint8]) -> float:
    """The largest fraction of a picture whose pixels are the same but for four grey levels."""
    counts = np.bincount(grey_HW.ravel(), minlength=256)
    return float(np.convolve(counts, np.ones(WIDTH)).max()) / grey_HW.size
