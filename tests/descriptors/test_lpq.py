from __future__ import annotations

import cmath
import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter1d

from ferray.descriptors._grey import luminance
from ferray.descriptors.lpq import Lpq, basis, lpq_codes, whitening
from ferray.emotions import Emotion
from ferray.errors import ConfigError
from ferray.synthetic.portrait import draw_portrait

FREQUENCIES = ((0, 1), (1, 0), (1, 1), (1, -1))  # down the column and along the row, in units of one over the window


def noise(side: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def face(size: int = 64) -> NDArray[np.uint8]:
    return draw_portrait(Emotion.HAPPY, np.random.default_rng(3), size)


def transform(grey_HW: NDArray[np.float64], y: int, x: int, frequency: tuple[int, int], window: int) -> complex:
    """The short-term Fourier transform at one pixel, as the sum that defines it."""
    reach = range(-(window // 2), window // 2 + 1)
    return sum(
        float(grey_HW[y - dy, x - dx]) * cmath.exp(-2j * cmath.pi * (frequency[0] * dy + frequency[1] * dx) / window)
        for dy, dx in itertools.product(reach, reach)
    )


def code_by_sums(grey_HW: NDArray[np.float64], y: int, x: int, window: int) -> int:
    values = [transform(grey_HW, y, x, frequency, window) for frequency in FREQUENCIES]
    parts = [part for value in values for part in (value.real, value.imag)]
    return sum(2**bit for bit, part in enumerate(parts) if part > 0)


def whitened_code_by_sums(grey_HW: NDArray[np.float64], y: int, x: int, window: int) -> int:
    values = [transform(grey_HW, y, x, frequency, window) for frequency in FREQUENCIES]
    parts = [part for value in values for part in (value.real, value.imag)]
    rows = whitening(window).tolist()
    white = [sum(weight * part for weight, part in zip(row, parts, strict=True)) for row in rows]
    return sum(2**bit for bit, part in enumerate(white) if part > 0)


def covariance_by_sums(window: int) -> list[list[float]]:
    """Of the eight responses, for pixels whose correlation is 0.9 to the power of their distance."""
    pixels = list(itertools.product(range(window), repeat=2))
    waves = basis(window).tolist()
    return [
        [
            sum(first[a][b] * second[c][d] * 0.9 ** math.hypot(a - c, b - d) for (a, b) in pixels for (c, d) in pixels)
            for second in waves
        ]
        for first in waves
    ]


@pytest.mark.parametrize("window", [3, 5, 7])
def test_codes_are_those_of_direct_sums(window: int) -> None:
    grey = luminance(noise(10))
    margin = window // 2
    expected = [
        [code_by_sums(grey, y, x, window) for x in range(margin, 10 - margin)] for y in range(margin, 10 - margin)
    ]
    assert lpq_codes(grey, window, decorrelate=False).tolist() == expected


def test_whitened_codes_are_those_of_direct_sums() -> None:
    grey = luminance(noise(9))
    expected = [[whitened_code_by_sums(grey, y, x, 7) for x in range(3, 6)] for y in range(3, 6)]
    assert lpq_codes(grey, 7, decorrelate=True).tolist() == expected


def test_whitened_responses_are_uncorrelated() -> None:
    rotation = whitening(3)
    white = rotation @ np.array(covariance_by_sums(3)) @ rotation.T
    largest = np.abs(white).max()
    assert np.abs(white - np.diag(np.diag(white))).max() < 1e-5 * largest


def test_whitening_turns_and_does_not_stretch() -> None:
    rotation = whitening(7)
    assert np.allclose(rotation @ rotation.T, np.eye(8))


def test_a_row_holds_the_histogram_of_each_cell_in_turn() -> None:
    image = noise(20)
    codes = lpq_codes(luminance(image), 5, decorrelate=True)  # (16, 16), so cells of 8 x 8
    row = Lpq(Lpq.Params(window=5, grid=2)).describe(image)
    counts = [codes[8:, :8].ravel().tolist().count(code) for code in range(256)]  # third cell: lower left
    assert row[512:768].tolist() == [count / 64 for count in counts]


def test_each_cell_sums_to_one() -> None:
    cells = Lpq(Lpq.Params(grid=3)).describe(face()).reshape(9, 256)
    assert cells.sum(axis=1).tolist() == pytest.approx([1.0] * 9)


@pytest.mark.parametrize("decorrelate", [False, True])
def test_more_brightness_changes_nothing(decorrelate: bool) -> None:
    image = face() // 2
    lpq = Lpq(Lpq.Params(decorrelate=decorrelate))
    assert np.array_equal(lpq.describe(image), lpq.describe(image + 100))


@pytest.mark.parametrize("decorrelate", [False, True])
def test_twice_the_contrast_changes_nothing(decorrelate: bool) -> None:
    image = face() // 3
    lpq = Lpq(Lpq.Params(decorrelate=decorrelate))
    assert np.array_equal(lpq.describe(image), lpq.describe(image * 2))


def test_a_flat_image_has_one_code() -> None:
    assert (lpq_codes(np.full((20, 20), 123_456.0), 7, decorrelate=True) == 0).all()


def test_symmetric_blur_of_a_wave_changes_no_code() -> None:
    wave = 1e5 + 1e5 * np.cos(2 * np.pi * np.arange(49) / 7 + 0.4) * np.ones((20, 1))
    blurred = uniform_filter1d(wave, size=3, axis=1, mode="wrap")  # leaves (1 + 2 cos(2 pi / 7)) / 3 = 0.75 of it
    codes, after = (lpq_codes(picture, 7, decorrelate=False) for picture in (wave, blurred))
    assert np.array_equal(codes, after)


def test_symmetric_blur_of_a_face_leaves_most_bits() -> None:
    grey = luminance(face(96))
    codes, blurred = (lpq_codes(picture, 7, decorrelate=False) for picture in (grey, gaussian_filter(grey, 1.0)))
    changed = np.bitwise_count(codes ^ blurred).sum() / (8 * codes.size)
    assert changed < 0.15


def test_a_window_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ConfigError, match="window of `15`"):
        Lpq(Lpq.Params(window=15)).describe(noise(12))


def test_more_cells_than_codes_are_refused() -> None:
    with pytest.raises(ConfigError, match="`8` cells"):
        Lpq(Lpq.Params(window=15, grid=8)).describe(noise(16))
