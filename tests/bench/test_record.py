"""The frame of benchmarks: ratios round by round, promises, turns, and what a record holds."""

from __future__ import annotations

import json
import re

import pytest

from bench.record import Cost, Figure, Recording, environment, interleaved, recording, timing


def test_ratio_is_the_median_of_the_rounds_ratios() -> None:
    record = Recording("x", quick=True)
    record.compare("work", [2.0, 9.0, 4.0], [1.0, 3.0, 4.0])  # ratios 2, 3 and 1
    assert record.figures["work"] == Figure(4.0, "s", floor=3.0, ratio=2.0)


def test_rounds_of_ours_and_floor_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        Recording("x", quick=True).compare("work", [2.0, 9.0], [1.0])


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure(5.0, "s"), None),
        (Figure(5.0, "s", at_most=4.0), False),
        (Figure(5.0, "s", floor=5.0, ratio=1.0, at_most=1.1), True),
        (Figure(5.0, "s", floor=1.0, ratio=5.0, at_least=6.0), False),
    ],
)
def test_promise_is_of_the_ratio_where_there_is_a_floor(figure: Figure, met: bool | None) -> None:
    assert figure.is_met is met


def test_sides_take_turns_in_both_orders() -> None:
    order: list[str] = []
    sides = {name: lambda name=name: order.append(name) for name in ("ours", "floor")}
    costs = interleaved(sides, rounds=2)
    assert order == ["ours", "floor", "floor", "ours"]
    assert [len(found) for found in costs.values()] == [2, 2]


def test_cost_holds_the_seconds_of_the_processor() -> None:
    with timing() as taken:
        sum(range(100_000))
    assert isinstance(taken[0], Cost)
    assert taken[0].wall_s > 0


def test_record_is_one_json_document_with_machine_load_and_figures() -> None:
    with recording("x", quick=True) as record:
        record.state("reports", 700.0, "a second", at_least=500)
        record.details["rounds"] = 1
    document = json.loads(json.dumps(record.document()))
    assert list(document) == [
        *("benchmark", "quick", "environment", "began", "load", "took", "figures", "details"),
    ]
    assert document["figures"] == {"reports": {"value": 700.0, "unit": "a second", "at_least": 500, "met": True}}
    assert document["took"].keys() == {"wall_s", "cpu_s"}


def test_environment_names_machine_and_versions() -> None:
    found = environment()
    assert re.fullmatch(r"\d+ cores of .+", found["machine"])
    assert found["torch"]
