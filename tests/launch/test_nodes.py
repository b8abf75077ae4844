"""Nodes as Ray tells of them."""

from __future__ import annotations

import pytest

from ferray.launch._nodes import spelt_by_ray


@pytest.mark.parametrize(("given", "spelt"), [("a100", "A100"), ("A100", "A100"), ("mine", "mine"), (None, None)])
def test_type_of_an_accelerator_is_spelt_as_ray_has_it(given: str | None, spelt: str | None) -> None:
    assert spelt_by_ray(given) == spelt
