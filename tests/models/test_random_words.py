"""How many words a generator has given, and where it stands after so many."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ferray.models.random_words import num_words, state_after


def drawn(seed: int, *sizes: int) -> Tensor:
    """The state of a generator after uniform numbers, a word each."""
    generator = torch.Generator().manual_seed(seed)
    for size in sizes:
        torch.empty(size).uniform_(generator=generator)
    return generator.get_state()


@pytest.mark.parametrize("num", [0, 1, 1000, 200_001])
def test_words_are_counted(num: int) -> None:
    assert num_words(3, drawn(3, num)) == num


@pytest.mark.parametrize("num", [0, 1, 1000, 200_001])
def test_generator_of_another_seed_is_brought_as_far(num: int) -> None:
    assert torch.equal(state_after(5, num), drawn(5, num))


def test_half_a_pair_of_normal_numbers_is_no_number_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.models.random_words.MOST", 2**17)
    generator = torch.Generator().manual_seed(3)
    torch.empty(1).normal_(generator=generator)
    assert num_words(3, generator.get_state()) is None
