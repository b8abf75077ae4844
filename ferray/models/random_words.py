"""Where torch's CPU generator stands, as a number of random words, and a generator that far along from another seed."""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 2**28  # words that are looked through, half a second of them
_PIECE = 2**16


def num_words(seed: int, state: Tensor) -> int | None:
    """How many words of 32 bits a generator of this seed has given when it stands at `state`.

    None where none of the first `MOST` leads there, as after half a pair of normal numbers.
    """
    sought = torch.empty(1, dtype=torch.int32).random_(generator=torch.Generator().set_state(state))
    generator, words = torch.Generator().manual_seed(seed), torch.empty(_PIECE, dtype=torch.int32)
    for start in range(0, MOST, _PIECE):
        places = (words.random_(generator=generator) == sought).nonzero().flatten().tolist()
        for place in places:
            if torch.equal(state_after(seed, start + place), state):
                return int(start + place)
    return None


def state_after(seed: int, num: int) -> Tensor:
    """The state of a generator of this seed that has given so many words."""
    generator, pairs = torch.Generator().manual_seed(seed), torch.empty(_PIECE // 2, dtype=torch.int64)
    for _ in range(num // _PIECE):
        pairs.random_(generator=generator)
    pairs[: num % _PIECE // 2].random_(generator=generator)
    torch.empty(num % 2, dtype=torch.int32).random_(generator=generator)
    return generator.get_state()
