from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ferray import registry
from ferray.testing.corners import corners


class Bounded(registry.Params):
    fraction: Annotated[float, Field(ge=0, lt=1)] = 0.5
    count: Annotated[int, Field(ge=1)] | None = None
    word: Literal["a", "b"] = "a"


def test_corners_start_with_the_defaults() -> None:
    assert corners(Bounded)[0] == Bounded()


def test_corners_combine_every_extreme() -> None:
    # The defaults, and 2 fractions x 3 counts (1, far, none) x 2 words.
    assert len(corners(Bounded)) == 1 + 2 * 3 * 2


def test_an_excluded_bound_is_approached_from_inside() -> None:
    fractions = {corner.fraction for corner in corners(Bounded) if isinstance(corner, Bounded)}
    assert fractions == {0.0, 0.5, 1 - 2**-53}


def test_parameters_without_extremes_have_their_defaults_alone() -> None:
    assert corners(registry.Params) == [registry.Params()]
