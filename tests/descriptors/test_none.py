from __future__ import annotations

import numpy as np

from ferray.descriptors.none import NoDescriptor


def test_every_pixel_is_a_feature() -> None:
    image_HWC = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert NoDescriptor(NoDescriptor.Params()).describe(image_HWC).tolist() == list(range(12))
