"""What a card gives, without a card: what is said where there is none, and the figures' arithmetic."""

from __future__ import annotations

import pytest
import torch

from bench.gpu import (
    ON_DEVICE,
    ON_HOST,
    Asked,
    bare_steps,
    break_even,
    measure,
    missing_packages,
    table,
    trainer_to_pack,
)
from bench.gpu_heads import fused_heads
from bench.gpu_steps import VARIANTS, BareStep, Shape, Variant
from bench.record import Recording

PLAIN, COMPILED = "bfloat16, channels last", "bfloat16, channels last, compiled"
TINY = Shape("test_resnet", 32, 2)


def test_machine_without_a_card_claims_nothing_of_one() -> None:
    record = measure(asked=Asked(TINY))
    assert (record["device"], record["figures"]) == (None, {})
    assert [*table(record)] == [
        "left out: everything: torch finds no CUDA device: nothing was measured, and nothing is known of a card"
    ]


def test_compiling_pays_once_it_has_won_back_what_it_took() -> None:
    rates, starts = {PLAIN: [100.0], COMPILED: [200.0]}, {PLAIN: 1.0, COMPILED: 51.0}
    assert break_even(rates, starts) == 10_000  # 50 s, of which an image saves 5 ms


@pytest.mark.parametrize("rates", [{PLAIN: [100.0]}, {PLAIN: [100.0], COMPILED: [90.0]}])
def test_compiling_that_wins_nothing_never_pays(rates: dict[str, list[float]]) -> None:
    assert break_even(rates, {PLAIN: 1.0, COMPILED: 51.0}) is None


@pytest.mark.parametrize("name", ["float32", PLAIN])
def test_bare_step_trains_in_every_layout(name: str) -> None:
    assert BareStep(TINY, VARIANTS[name], torch.device("cpu")).images_per_s(0.0) > 0


def test_what_a_card_refuses_is_named_and_the_others_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(BareStep):
        def __init__(self, shape: Shape, variant: Variant, device: torch.device) -> None:
            if variant == VARIANTS["float32"]:
                raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")
            super().__init__(shape, variant, device)

    monkeypatch.setattr("bench.gpu.BareStep", Refusing)
    record = Recording("gpu", quick=True, details={"left_out": {}})
    bare_steps(Asked(TINY, seconds=0.0, rounds=1, device="cpu"), record)
    assert record.details["left_out"] == {"step: float32": "OutOfMemoryError: CUDA out of memory."}
    assert list(record.figures) == [f"step: {name}" for name in ("float32, channels last", "bfloat16", PLAIN)]


@pytest.mark.parametrize(("found", "packed"), [(True, ON_HOST), (None, ON_DEVICE)])
def test_trials_are_packed_without_albumentations_too(
    found: bool | None, packed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.gpu.find_spec", lambda _: found)
    assert trainer_to_pack() == packed


def test_nothing_is_missing_where_ferray_is_installed() -> None:
    assert missing_packages() == []


def test_heads_are_measured_as_one_and_by_themselves() -> None:
    record = Recording("gpu", quick=True)
    fused_heads(record, device="cpu", rounds=1, quick=True)
    assert list(record.figures) == ["heads: linear, 16 as one", "heads: hidden layer, 16 as one"]
    assert all(figure.value > 0 and figure.floor for figure in record.figures.values())


def test_table_says_whose_figures_it_has() -> None:
    figures = {
        "step: float32": {"value": 1000.0, "unit": "images/s", "ratio": 1.0},
        "step: bfloat16": {"value": 2500.0, "unit": "images/s", "ratio": 2.5},
    }
    record = {"device": {"name": "Fake"}, "figures": figures, "details": {"left_out": {}}}
    assert [line.split() for line in table(record)] == [
        ["on", "Fake", "times"],
        ["step:", "float32", "1000", "images/s", "1.00"],
        ["step:", "bfloat16", "2500", "images/s", "2.50"],
    ]
