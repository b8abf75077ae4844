"""The operations against torchvision's, as a second method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ferray.augment._operations import OPERATIONS

SIZE = 48
THEIRS = {
    **{name: name.replace("_", " ").title().replace(" ", "") for name in OPERATIONS},
    "auto_contrast": "AutoContrast",
}
SIGNED = [name for name, operation in OPERATIONS.items() if operation.is_signed]
Spaces = dict[str, dict[str, Any]]
Pixels = Callable[[str, str, float], np.ndarray]


@pytest.fixture(scope="module")
def spaces() -> Spaces:
    """Amounts and signedness by range and torchvision's name."""
    from torchvision.transforms import autoaugment  # takes seconds, and collecting must not

    return {
        "rand_augment": autoaugment.RandAugment()._augmentation_space(31, (SIZE, SIZE)),
        "wide": autoaugment.TrivialAugmentWide()._augmentation_space(31),
    }


@pytest.fixture(scope="module")
def theirs(spaces: Spaces) -> Pixels:
    from torchvision.transforms import InterpolationMode, autoaugment

    def pixels(name: str, ranges: str, strength: float) -> np.ndarray:
        amounts, _ = spaces[ranges][THEIRS[name]]
        amount = float(amounts[round(30 * abs(strength))]) if amounts.ndim else 0.0
        signed = amount if strength >= 0 else -amount
        changed = autoaugment._apply_op(picture(), THEIRS[name], signed, InterpolationMode.BILINEAR, [128.0] * 3)
        return np.asarray(changed, dtype=int)

    return pixels


def picture() -> Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC)


def ours(name: str, ranges: str, strength: float) -> np.ndarray:
    return np.asarray(OPERATIONS[name](picture(), strength, ranges), dtype=int)


@pytest.mark.parametrize("ranges", ["rand_augment", "wide"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_gives_torchvisions_pixels(name: str, ranges: str, theirs: Pixels) -> None:
    assert np.abs(ours(name, ranges, 0.6) - theirs(name, ranges, 0.6)).max() <= 1


@pytest.mark.parametrize("name", SIGNED)
def test_operation_goes_the_other_way_too(name: str, theirs: Pixels) -> None:
    assert np.abs(ours(name, "wide", -0.6) - theirs(name, "wide", -0.6)).max() <= 1


def test_the_signed_operations_are_torchvisions(spaces: Spaces) -> None:
    assert {THEIRS[name] for name in SIGNED} == {name for name, (_, signed) in spaces["wide"].items() if signed}


def test_the_names_are_torchvisions(spaces: Spaces) -> None:
    assert {THEIRS[name] for name in OPERATIONS} == set(spaces["wide"])
