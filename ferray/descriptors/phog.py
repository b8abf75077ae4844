"""Pyramid of histograms of oriented gradients. H and W = pixels."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.descriptors import Descriptor
from ferray.descriptors._cells import cells_of
from ferray.descriptors._grey import luminance

CANNY_SIGMA = 2**0.5  # pixels
# Edges begin where the gradient is among the strongest 30 % of pixels, and at 1/64 of the strongest at least, and go on
# down to 0.4 of that: the thresholds of MATLAB's `edge`, with which the authors worked.
CANNY_QUANTILE = 0.7
CANNY_LEAST_FRACTION = 1 / 64
CANNY_LOW_TO_HIGH = 0.4


class Phog(Descriptor):
    """Pyramid of histograms of oriented gradients along edges, from the whole image to cells of an eighth.

    Level l has 2^l x 2^l cells, each with a histogram of gradient orientations weighted by magnitude; together they sum
    to 1, or are all 0 for an image without an edge.
    Source: Bosch, Zisserman and Munoz, "Representing Shape with a Spatial Pyramid Kernel", CIVR 2007.
    """

    class Params(registry.Params):
        levels: Annotated[int, Field(ge=0, le=4)] = 3
        """Levels below the whole image."""
        bins: Annotated[int, Field(ge=2, le=40)] = 8
        """Bins of each histogram, over `angle_range`."""
        angle_range: Literal[180, 360] = 360
        """In degrees; 180 takes opposite gradients for one."""
        edges: Literal["canny", "all"] = "canny"
        """Which pixels vote: those on Canny's edges, whose thresholds follow the image's own gradients, or all."""

    params: Params

    def describe(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        grey_HW = luminance(image_HWC)
        gradient_y, gradient_x = (np.gradient(grey_HW, axis=axis) for axis in (0, 1))
        magnitude: NDArray[np.float64] = np.hypot(gradient_x, gradient_y)
        if self.params.edges == "canny":
            magnitude *= _canny(grey_HW)
        bins = orientation_bins(gradient_y, gradient_x, self.params.bins, self.params.angle_range)
        votes = np.concatenate([self._votes(bins, magnitude, 2**level) for level in range(self.params.levels + 1)])
        row: NDArray[np.float32] = (votes / max(votes.sum(), np.finfo(float).tiny)).astype(np.float32)
        return row

    def _votes(self, bins: NDArray[np.int64], magnitude: NDArray[np.float64], grid: int) -> NDArray[np.float64]:
        """Summed magnitude by cell, then by bin: (grid * grid * bins,)."""
        cells = zip(cells_of(bins, grid), cells_of(magnitude, grid), strict=True)
        return np.concatenate(
            [np.bincount(bin_.ravel(), weight.ravel(), minlength=self.params.bins) for bin_, weight in cells]
        )


def orientation_bins(
    gradient_y: NDArray[np.float64], gradient_x: NDArray[np.float64], bins: int, angle_range: int
) -> NDArray[np.int64]:
    """The bin of each gradient's direction, counted from the positive x axis towards positive y."""
    if angle_range == 180:
        # Turned before the angle is taken: taking it modulo 180 would round opposite gradients into different bins.
        turned = np.where((gradient_y < 0) | ((gradient_y == 0) & (gradient_x < 0)), -1.0, 1.0)
        gradient_y, gradient_x = gradient_y * turned, gradient_x * turned
    degrees = np.rad2deg(np.arctan2(gradient_y, gradient_x)) % 360
    return np.floor(degrees * bins / angle_range).astype(np.int64) % bins


def _canny(grey_HW: NDArray[np.float64]) -> NDArray[np.bool_]:
    from scipy.ndimage import gaussian_filter, sobel
    from skimage.feature import canny

    smooth = gaussian_filter(grey_HW, CANNY_SIGMA, mode="nearest")
    strength = np.hypot(sobel(smooth, axis=0), sobel(smooth, axis=1))  # as `canny` measures it
    high = max(np.quantile(strength, CANNY_QUANTILE), CANNY_LEAST_FRACTION * strength.max())
    edges: NDArray[np.bool_] = canny(grey_HW, CANNY_SIGMA, CANNY_LOW_TO_HIGH * high, high, mode="nearest")
    return edges
