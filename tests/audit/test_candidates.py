"""Every pair that is alike is a candidate once, however the set is cut into tiles."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.audit import candidates
from ferray.audit.candidates import find_candidates
from ferray.emotions import Emotion
from ferray.synthetic.portrait import draw_portrait


@pytest.fixture(scope="module")
def greys() -> NDArray[np.uint8]:
    """Forty faces, of which the last ten are the first ten again."""
    draws = np.random.default_rng(0)
    faces = [draw_portrait(Emotion(number % 7), draws, 48)[:, :, 1] for number in range(30)]
    return np.stack([*faces, *faces[:10]])


def pairs(greys: NDArray[np.uint8]) -> list[tuple[int, int]]:
    found = find_candidates(greys, lambda *_: None)
    return sorted(
        (min(first, second), max(first, second))
        for first, second in zip(found.first.tolist(), found.second.tolist(), strict=True)
    )


def test_what_is_there_twice_is_a_candidate(greys: NDArray[np.uint8]) -> None:
    assert {(row, row + 30) for row in range(10)} <= set(pairs(greys))


def test_no_pair_comes_twice(greys: NDArray[np.uint8]) -> None:
    assert len(set(pairs(greys))) == len(pairs(greys))


def test_nothing_is_a_pair_with_itself(greys: NDArray[np.uint8]) -> None:
    assert [pair for pair in pairs(greys) if pair[0] == pair[1]] == []


def test_tiles_change_nothing(greys: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pairs(greys)
    monkeypatch.setattr(candidates, "TILE", 7)
    assert pairs(greys) == whole


def test_of_many_the_most_alike_are_followed(greys: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "FEWEST", 1)
    assert len(pairs(greys)) == 40
    assert {(row, row + 30) for row in range(10)} <= set(pairs(greys))
