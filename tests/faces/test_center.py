from __future__ import annotations

import numpy as np
import pytest

from ferray.faces import Detection
from ferray.faces.center import CentralSquare


@pytest.mark.parametrize(
    ("fraction", "square"),
    [(1.0, Detection(10, 0, 30, 30)), (0.5, Detection(17, 7, 15, 15))],  # (50 - 15) // 2 = 17, (30 - 15) // 2 = 7
)
def test_the_square_is_in_the_middle(fraction: float, square: Detection) -> None:
    finder = CentralSquare(CentralSquare.Params(side_fraction=fraction))
    assert finder.find(np.zeros((30, 50, 3), dtype=np.uint8), "a") == [square]


def test_crops_from_before_the_room_moved_are_known_again() -> None:
    assert CentralSquare(CentralSquare.Params()).identity("a.png") == 'ferray.data.faces.center 1 {"side_fraction":1.0}'
