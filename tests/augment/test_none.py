from __future__ import annotations

import numpy as np

from ferray.augment.none import NoAugmentation
from ferray.testing.augment import batch


def test_images_stay_as_they_are() -> None:
    assert np.array_equal(NoAugmentation(NoAugmentation.Params(), 32).apply(batch(), seed=1), batch())
