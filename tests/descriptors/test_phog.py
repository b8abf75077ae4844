from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.descriptors._grey import luminance
from ferray.descriptors.phog import Phog
from ferray.emotions import Emotion
from ferray.errors import ConfigError
from ferray.synthetic.portrait import draw_portrait


def noise(side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def face(size: int = 64) -> NDArray[np.uint8]:
    return draw_portrait(Emotion.HAPPY, np.random.default_rng(3), size)


def step_to_the_right(side: int = 16) -> NDArray[np.uint8]:
    """Black, and white from the middle on."""
    image = np.zeros((side, side, 3), dtype=np.uint8)
    image[:, side // 2 :] = 255
    return image


def difference(values: list[float], at: int) -> float:
    """Central inside, one-sided at the ends."""
    before, after = max(at - 1, 0), min(at + 1, len(values) - 1)
    return (values[after] - values[before]) / (after - before)


def phog_by_sums(image: NDArray[np.uint8], *, levels: int, bins: int, angle_range: int) -> list[float]:
    """Every pixel's vote, one by one; the side is to be a multiple of 2 to the power of `levels`."""
    grey = luminance(image).tolist()
    side = len(grey)
    histograms: list[list[float]] = [[0.0] * bins for level in range(levels + 1) for _ in range(4**level)]
    for y in range(side):
        for x in range(side):
            dx = difference(grey[y], x)
            dy = difference([grey[row][x] for row in range(side)], y)
            degrees = math.degrees(math.atan2(dy, dx)) % angle_range
            for level in range(levels + 1):
                first = sum(4**lower for lower in range(level))
                cell = (y * 2**level // side) * 2**level + x * 2**level // side
                histograms[first + cell][int(degrees / (angle_range / bins))] += math.hypot(dx, dy)
    total = sum(map(sum, histograms))
    return [vote / total for histogram in histograms for vote in histogram]


@pytest.mark.parametrize("angle_range", [180, 360])
def test_votes_are_those_of_direct_sums(angle_range: int) -> None:
    image = noise(16)
    row = Phog(Phog.Params(levels=2, bins=9, angle_range=angle_range, edges="all")).describe(image)
    assert row.tolist() == pytest.approx(phog_by_sums(image, levels=2, bins=9, angle_range=angle_range), abs=1e-7)


@pytest.mark.parametrize("edges", ["all", "canny"])
def test_a_step_to_the_right_votes_for_the_first_direction(edges: str) -> None:
    # All four quarters touch the step alike: half the votes are the whole image's, an eighth each quarter's.
    row = Phog(Phog.Params(levels=1, bins=8, edges=edges)).describe(step_to_the_right())
    assert row.reshape(5, 8)[:, 0].tolist() == pytest.approx([1 / 2, 1 / 8, 1 / 8, 1 / 8, 1 / 8])


def test_a_step_to_the_left_votes_for_the_opposite_direction() -> None:
    row = Phog(Phog.Params(levels=0, bins=8)).describe(step_to_the_right()[:, ::-1])
    assert row.tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


def test_pixels_off_the_edges_do_not_vote() -> None:
    image = step_to_the_right(32)
    image[:, 24:] = 253  # a step of 1/127 of the strong one
    row = Phog(Phog.Params(levels=1, bins=4, edges="canny")).describe(image)
    assert row.reshape(5, 4)[:, 2].tolist() == [0] * 5


def test_a_row_sums_to_one() -> None:
    assert Phog(Phog.Params()).describe(face()).sum() == pytest.approx(1.0)


def test_an_image_without_an_edge_gives_zeros() -> None:
    assert not Phog(Phog.Params()).describe(np.full((16, 16, 3), 99, dtype=np.uint8)).any()


@pytest.mark.parametrize("edges", ["all", "canny"])
def test_more_brightness_changes_nothing(edges: str) -> None:
    image, phog = face() // 2, Phog(Phog.Params(edges=edges))
    assert np.array_equal(phog.describe(image), phog.describe(image + 100))


@pytest.mark.parametrize("edges", ["all", "canny"])
def test_half_a_circle_takes_a_negative_for_its_picture(edges: str) -> None:
    image, phog = face(), Phog(Phog.Params(angle_range=180, edges=edges))
    assert phog.describe(255 - image) == pytest.approx(phog.describe(image), abs=1e-6)


def test_a_whole_circle_tells_a_negative_from_its_picture() -> None:
    image, phog = face(), Phog(Phog.Params(angle_range=360))
    assert not np.allclose(phog.describe(255 - image), phog.describe(image))


def test_more_cells_than_pixels_are_refused() -> None:
    with pytest.raises(ConfigError, match="`16` cells"):
        Phog(Phog.Params(levels=4)).describe(noise(8))
