from __future__ import annotations

import torch

from ferray.imbalance._per_class import PerClass


def test_the_vector_takes_the_dtype_of_what_it_meets() -> None:
    assert PerClass(torch.ones(3, dtype=torch.float64)).like(torch.zeros(1, 3)).dtype == torch.float32


def test_the_vector_is_copied_once_a_device_and_dtype() -> None:
    vector = PerClass(torch.ones(3, dtype=torch.float64))
    assert vector.like(torch.zeros(1, 3)) is vector.like(torch.zeros(5, 3))
