"""Local phase quantisation. H and W = pixels, h and w = places where the whole window fits, M = pixels in a window."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.descriptors import Descriptor
from ferray.descriptors._cells import cells_of
from ferray.descriptors._grey import luminance
from ferray.errors import ConfigError

NUM_CODES = 256
RHO = 0.9  # correlation of two neighbouring pixels, as the authors assume
# Almost ones: they part eigenvalues that are equal, of which the decomposition would return any mixture.
PARTED = 1 + np.arange(7, -1, -1) * 1e-6
# Thousandths of a grey level. Below it a response is rounding error, whose sign would be noise.
SMALLEST_RESPONSE = 1e-3


class Lpq(Descriptor):
    """Local phase quantisation: histograms of the signs of four low frequencies around each pixel, robust to blur.

    The short-term Fourier transform in a window of w pixels is taken at the frequencies (1/w, 0), (0, 1/w), (1/w, 1/w)
    and (1/w, -1/w); the signs of the real and imaginary parts are the eight bits of a code. Each cell of a grid gives
    the histogram of its codes, which sums to 1.
    Source: Ojansivu and Heikkila, "Blur Insensitive Texture Classification Using Local Phase Quantization", ICISP 2008.
    """

    class Params(registry.Params):
        window: Literal[3, 5, 7, 9, 11, 13, 15] = 7
        """Side of the window in pixels."""
        decorrelate: bool = True
        """Whiten the eight responses first, for a correlation of 0.9 between neighbouring pixels."""
        grid: Annotated[int, Field(ge=1, le=8)] = 4
        """Cells a side, 256 numbers each."""

    params: Params

    def describe(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        codes_hw = lpq_codes(luminance(image_HWC), self.params.window, decorrelate=self.params.decorrelate)
        histograms = [
            np.bincount(cell.ravel(), minlength=NUM_CODES) / cell.size for cell in cells_of(codes_hw, self.params.grid)
        ]
        row: NDArray[np.float32] = np.concatenate(histograms).astype(np.float32)
        return row


def lpq_codes(grey_HW: NDArray[np.float64], window: int, *, decorrelate: bool) -> NDArray[np.int64]:
    """The code in 0 .. 255 of each place (h, w) where the whole window fits; bit n belongs to response n."""
    if min(grey_HW.shape) < window:
        raise ConfigError(f"a window of `{window}` does not fit on `{min(grey_HW.shape)}` pixels", "make it smaller")
    responses_8hw = _responses(grey_HW, window)
    if decorrelate:
        responses_8hw = np.tensordot(whitening(window), responses_8hw, axes=1)
    bits = 2 ** np.arange(8).reshape(8, 1, 1)
    codes_hw: NDArray[np.int64] = ((responses_8hw > SMALLEST_RESPONSE) * bits).sum(axis=0)
    return codes_hw


def basis(window: int) -> NDArray[np.float64]:
    """The eight waves (8, window, window): cosine and sine of each of the four frequencies, phase 0 in the middle."""
    flat, wave = _waves(window)
    planes = [np.outer(first, second) for first, second in _frequencies(flat, wave)]
    return np.array([part for plane in planes for part in (plane.real, plane.imag)])


def whitening(window: int) -> NDArray[np.float64]:
    """The matrix (8, 8) that makes the responses of a first-order Markov image uncorrelated.

    Its rows are the right singular vectors of the responses' covariance; each sign, which a decomposition leaves open,
    is such that the largest entry is positive.
    """
    rows, columns = np.divmod(np.arange(window**2), window)
    distance_MM = np.hypot(rows[:, None] - rows, columns[:, None] - columns)
    waves_8M = basis(window).reshape(8, -1)
    covariance = waves_8M @ RHO**distance_MM @ waves_8M.T
    vectors: NDArray[np.float64] = np.linalg.svd(PARTED[:, None] * covariance * PARTED)[2]
    largest = np.abs(vectors).argmax(axis=1)
    signs: NDArray[np.float64] = np.sign(vectors[np.arange(8), largest])
    return vectors * signs[:, None]


def _responses(grey_HW: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The four transforms as real and imaginary parts (8, h, w), in the order of `basis`."""
    from scipy.ndimage import convolve1d

    flat, wave = _waves(window)
    edge = slice(window // 2, -(window // 2))
    planes = [
        convolve1d(convolve1d(grey_HW, down, axis=0), along, axis=1)[edge, edge]
        for down, along in _frequencies(flat, wave)
    ]
    return np.array([part for plane in planes for part in (plane.real, plane.imag)])


def _waves(window: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    x = np.arange(window) - window // 2
    return np.ones(window, dtype=np.complex128), np.exp(-2j * np.pi * x / window)


def _frequencies(
    flat: NDArray[np.complex128], wave: NDArray[np.complex128]
) -> list[tuple[NDArray[np.complex128], NDArray[np.complex128]]]:
    """What each of the four multiplies down the column and along the row."""
    return [(flat, wave), (wave, flat), (wave, wave), (wave, wave.conj())]
