import pytest

from ferray.registry import ROOMS
from ferray.testing.outliers import OutlierRemovalContract


@pytest.mark.parametrize("name", ROOMS["outliers"].names())
class TestContract(OutlierRemovalContract):
    pass
