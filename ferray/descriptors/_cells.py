"""A map of numbers cut into a grid of cells."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ferray.errors import ConfigError

Value = TypeVar("Value", bound=np.generic)


def cells_of(map_HW: NDArray[Value], grid: int) -> list[NDArray[Value]]:
    """The `grid` x `grid` cells row by row, of sizes that differ by one pixel at most.

    Raises ConfigError where the map has fewer pixels a side than cells.
    """
    if min(map_HW.shape) < grid:
        height, width = map_HW.shape
        raise ConfigError(
            f"`{grid}` cells a side do not fit on a map of `{width}` x `{height}` pixels",
            "ask for fewer, or set a larger `image_size`",
        )
    bands = np.array_split(map_HW, grid, axis=0)
    return [cell for band in bands for cell in np.array_split(band, grid, axis=1)]
