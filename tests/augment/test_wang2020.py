from __future__ import annotations

import numpy as np

from ferray.augment.wang2020 import Wang2020
from ferray.testing.augment import batch


def test_probability_zero_changes_nothing() -> None:
    assert np.array_equal(Wang2020(Wang2020.Params(probability=0), 32).apply(batch(), seed=1), batch())


def test_list_is_the_published_one() -> None:
    transforms = Wang2020(Wang2020.Params(), 224).transforms()
    names = [type(transform).__name__ for transform in transforms]
    assert names == ["Mirror", "BrightnessContrast", "Affine", "Jpeg", "HueSaturation"]
