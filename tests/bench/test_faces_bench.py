"""`ferray data prepare` killed with kill -9 and run again, by the benchmark that does it to 5,000 pictures."""

from __future__ import annotations

import os
from typing import Any

import pytest

from bench.faces import measure

pytestmark = pytest.mark.slow

IMAGES = int(os.environ.get("FERRAY_FACES", "60"))


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return measure(tmp_path_factory.mktemp("faces"), images=IMAGES, kills=1, workers=2)


def test_the_command_was_killed_in_the_middle(figures: dict[str, Any]) -> None:
    (kill,) = figures["killed"]
    assert kill["by_signal"] == 9
    assert IMAGES // 2 <= kill["recorded"] < IMAGES


def test_no_crop_is_half_written(figures: dict[str, Any]) -> None:
    assert figures["killed"][0]["torn"] == 0


def test_workers_end_with_the_command(figures: dict[str, Any]) -> None:
    assert figures["killed"][0]["orphans_s"] < 20


def test_the_next_run_does_only_the_rest(figures: dict[str, Any]) -> None:
    recorded = figures["killed"][0]["recorded"]
    assert (figures["last"]["before"], figures["last"]["done"]) == (recorded, IMAGES - recorded)


def test_a_killed_run_leaves_what_an_uninterrupted_one_leaves(figures: dict[str, Any]) -> None:
    assert figures["uninterrupted"]["done"] == IMAGES
    assert figures["same_bytes"]
