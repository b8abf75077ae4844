"""Logits divided by a temperature."""

from __future__ import annotations

import math

import pytest
import torch

from ferray.errors import ConfigError
from ferray.training.temperature import refuse_temperature, tempered


def test_logits_are_divided() -> None:
    assert tempered(torch.tensor([[3.0, -1.0]]), 2.0).tolist() == [[1.5, -0.5]]


def test_one_gives_the_same_bits() -> None:
    logits = torch.tensor([[3.0, -1.0]])
    assert tempered(logits, 1.0) is logits


def neighbours() -> torch.Tensor:
    """Pairs of neighbouring numbers, the larger one second, many of which have one quotient."""
    low = torch.linspace(1.0, 16.0, 20_000)
    return torch.stack([low, torch.nextafter(low, torch.tensor(math.inf))], dim=1)


@pytest.mark.parametrize("temperature", [0.3, 1.7, 3.0, 11.0])
def test_no_rounding_changes_an_answer(temperature: float) -> None:
    pairs = neighbours()
    quotients = pairs / temperature
    assert (quotients[:, 0] == quotients[:, 1]).any()  # a plain division would take the first of these
    assert (tempered(pairs, temperature).argmax(dim=1) == 1).all()


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match="is no temperature"):
        refuse_temperature(temperature)
