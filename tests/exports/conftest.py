from __future__ import annotations

import numpy as np
import pytest

from ferray.exports.folder import RealInputs
from ferray.exports.origin import Origin

ORIGIN = Origin("little", 3, "1f3a9c2e", "val/uar", num_complete=12, is_best=True)


@pytest.fixture(scope="session")
def origin() -> Origin:
    return ORIGIN


@pytest.fixture(scope="session")
def inputs() -> RealInputs:
    images = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3), dtype=np.uint8)
    return RealInputs("100 images of noise", images)
