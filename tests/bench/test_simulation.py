"""Studies whose truth is known: 200 confirmations and 400 sweeps of the simulation, and its document.

Of 200 studies 93 to 97 % are 186 to 194, which an interval that covers 95 % hits in four of five draws: hence the seed
that is written here. `python -m bench.simulation` draws 2,000 of each design.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import mean
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bench.simulation import DESIGNS, SEARCHES, Design, confirmations, draw_study, luck, main, truth
from ferray.stats.seeds_and_images import seed_scores

NUM_STUDIES = 200


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def confirmed() -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    return [confirmations(design, NUM_STUDIES // len(DESIGNS), generator, num_resamples=300) for design in DESIGNS]


def test_intervals_hold_the_truth_in_93_to_97_percent_of_studies(confirmed: list[dict[str, Any]]) -> None:
    assert 0.93 <= mean(row["coverage"] for row in confirmed) <= 0.97


def test_equal_recipes_are_told_apart_in_3_to_7_percent_of_studies(confirmed: list[dict[str, Any]]) -> None:
    assert 0.03 <= mean(row["false_positives"] for row in confirmed) <= 0.07


@pytest.mark.parametrize("search", SEARCHES[:4], ids=lambda search: search.name)
def test_the_line_on_luck_matches_the_optimism_within_its_error(search: Any) -> None:
    found = luck(search, 100, np.random.default_rng(2))
    assert found["optimism"] > 3 * found["optimism_error"]
    assert found["told"] == pytest.approx(found["optimism"], abs=2 * found["optimism_error"] + found["error"] / 2)
    assert found["within"] >= 0.9


@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[2], DESIGNS[3]], ids=lambda design: design.name)
def test_the_truth_is_what_very_many_seeds_and_images_score(design: Design) -> None:
    many = Design(design.name, design.metric, num_seeds=200, times=40)
    labels, said, _ = draw_study(many, np.random.default_rng(3))
    scores = seed_scores(labels, said, many.metric)
    assert float(scores.mean()) == pytest.approx(truth(many), abs=0.012)


def test_the_document_has_every_design(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--studies", "5", "--sweeps", "2"])
    document = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in document["confirmations"]] == [design.name for design in DESIGNS]
    assert {"coverage", "false_positives", "percentiles", "seeds_alone"} <= document["confirmations"][0].keys()
    assert (len(document["power"]), len(document["luck"])) == (2, len(SEARCHES))
