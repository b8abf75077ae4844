"""Two pictures laid over each other, and how alike they are then, everywhere: what tells one photograph from two.

Edges and features are compared, not brightness, so that gain and offset do not matter and flat faces are not alike for
being flat. Alike as a whole is not enough: a person who frowns and the same person who smiles share hair, ears and
collar, and differ around the mouth. H, W = pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.audit.perceptual_hash import Crop

FINE = (1.2, 4.0)  # blurs, in pixels, whose difference is compared
COARSE = (1.5, 6.0)  # and of which the alignment is found
NEARBY = 3.5  # the blur of what counts as one place
EDGE = 4  # pixels at each edge that are not compared
LEAST_OVERLAP = 0.4  # of the picture, in the alignment
LEAST_TELLING = 0.1  # of the picture, with something to compare
STEPS, ENOUGH = 25, 1e-3  # of the alignment
SHIFTED, SCALED = 1.5, 0.03  # pixels and a fraction, from which on a picture counts as cropped

# Alike as a whole, and in nine of ten places: a watermark may be laid over one of two, an expression may not change.
ALIKE, ALIKE_MOSTLY = 0.95, 0.9
TILTED, STRETCHED = 2.5, 1.06  # degrees and a ratio, from which on two faces were made to fit

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """`correlation` of two pictures laid over each other as a whole, and in the tenth of places where it is `weak`.

    `is_cropped` where one is moved or enlarged against the other.
    """

    correlation: float
    weak: float
    is_cropped: bool = False

    @property
    def is_same(self) -> bool:
        """Whether both are one photograph."""
        return self.correlation >= ALIKE and self.weak >= ALIKE_MOSTLY


NOT_ALIKE = Alignment(0.0, 0.0)


def align(first_HW: NDArray[np.uint8], second_HW: NDArray[np.uint8], crop: Crop, *, is_mirrored: bool) -> Alignment:
    """Lay the first picture, mirrored or not, over the second, beginning with this part of it.

    The alignment is affine and found by Evangelidis and Psarakis, "Parametric Image Alignment Using Enhanced
    Correlation Coefficient Maximization", TPAMI 2008.
    """
    if is_mirrored:
        first_HW, crop = np.ascontiguousarray(first_HW[:, ::-1]), Crop(crop.side, crop.top, 1 - crop.side - crop.left)
    size = len(first_HW)
    warp = np.array([[crop.side, 0, crop.left * size], [0, crop.side, crop.top * size]], dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, ENOUGH)
    try:
        _, found = cv2.findTransformECC(
            _band(second_HW, *COARSE), _band(first_HW, *COARSE), warp, cv2.MOTION_AFFINE, criteria, None, 1
        )
    except cv2.error:  # there is no such alignment
        return NOT_ALIKE
    return _compared(first_HW, second_HW, found)


def _band(image_HW: NDArray[np.uint8], low: float, high: float) -> Plane:
    """What is finer than `high` and coarser than `low` pixels."""
    image = image_HW.astype(np.float32)
    band: Plane = _blur(image, low) - _blur(image, high)
    return band


def _blur(plane_HW: Plane, pixels: float) -> Plane:
    blurred: Plane = cv2.GaussianBlur(plane_HW, (0, 0), pixels)
    return blurred


def _compared(first_HW: NDArray[np.uint8], second_HW: NDArray[np.uint8], warp: NDArray[np.float32]) -> Alignment:
    inner = _inner(first_HW.shape)
    if (inner * _warped(inner, warp)).mean() < LEAST_OVERLAP or _is_distorted(warp):
        return NOT_ALIKE
    compared = (_warped(inner * _exposed(first_HW), warp) * inner * _exposed(second_HW) > 0.99).astype(np.float32)
    first, second = _warped(_band(first_HW, *FINE), warp) * compared, _band(second_HW, *FINE) * compared
    local, is_telling = _local_correlation(first, second, compared)
    if is_telling.mean() < LEAST_TELLING:
        return NOT_ALIKE
    weak = float(np.quantile(local[is_telling], 0.1))
    is_compared = compared > 0
    correlation = _correlation(first[is_compared], second[is_compared])
    return Alignment(correlation, weak, _is_moved(warp, len(first_HW)))


def _exposed(image_HW: NDArray[np.uint8]) -> Plane:
    """All but what is quite black or quite white, where brightening has cut off what there was."""
    return ((image_HW > 0) & (image_HW < 255)).astype(np.float32)


def _inner(shape: tuple[int, ...]) -> Plane:
    """All but the edge, where bands know nothing of what a crop has cut off."""
    inner = np.zeros(shape, dtype=np.float32)
    inner[EDGE:-EDGE, EDGE:-EDGE] = 1
    return inner


def _warped(plane_HW: Plane, warp: NDArray[np.float32]) -> Plane:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped: Plane = cv2.warpAffine(plane_HW, warp, plane_HW.shape[::-1], flags=flags)
    return warped


def _correlation(first: Plane, second: Plane) -> float:
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / max(1e-6, float(np.sqrt((first**2).sum() * (second**2).sum()))))


def _local_correlation(first_HW: Plane, second_HW: Plane, compared_HW: Plane) -> tuple[Plane, NDArray[np.bool_]]:
    """The correlation around each pixel, and where there is something to compare: a tenth of the mean contrast."""
    weight = _blur(compared_HW, NEARBY) + 1e-6
    means = [_blur(plane, NEARBY) / weight for plane in (first_HW, second_HW)]
    spreads = [
        _blur(plane**2, NEARBY) / weight - mean**2 for plane, mean in zip((first_HW, second_HW), means, strict=True)
    ]
    shared = _blur(first_HW * second_HW, NEARBY) / weight - means[0] * means[1]
    correlation = shared / np.sqrt(np.maximum(spreads[0] * spreads[1], 1e-6))
    is_compared = compared_HW > 0
    is_telling = is_compared & np.any([spread > 0.1 * spread[is_compared].mean() for spread in spreads], axis=0)
    return correlation, is_telling


def _is_distorted(warp: NDArray[np.float32]) -> bool:
    """Whether the one is turned or stretched against the other, as no crop is."""
    turned = np.degrees(np.arctan2(warp[1, 0] - warp[0, 1], warp[0, 0] + warp[1, 1]))
    strengths = np.linalg.svd(warp[:, :2])[1]
    return bool(abs(turned) > TILTED or strengths[0] > STRETCHED * strengths[1])


def _is_moved(warp: NDArray[np.float32], size: int) -> bool:
    """Whether the corners of the second picture lie elsewhere in the first, or at another scale."""
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]], dtype=np.float32)
    moved = corners @ warp.T - corners[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(warp[:, :2]))))
    return bool(np.abs(moved).max() > SHIFTED or abs(scale - 1) > SCALED)
