"""What torch's dropout draws, for several heads at once, each from a generator of its own. N = samples, F = inputs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

DIGITS = 53  # of a float64: by so many bits of a word torch decides whether an input stays
_MASK = (1 << DIGITS) - 1


class DropoutDraws:
    """The noise that `torch.dropout` multiplies inputs by, drawn for one head after another.

    Heads whose generators stand alike, as their `streams` say, draw one sequence, which is drawn once. Bernoulli
    numbers come from the words that torch makes them of, in two fifths of its time, where a trial of both says that
    they are the same: not where torch asks MKL for them, and not on a GPU.
    """

    def __init__(self, generators: Sequence[torch.Generator], streams: Sequence[Hashable]) -> None:
        self._generators = generators
        self._by_words = generators[0].device.type == "cpu" and _draws_by_words()
        first = {stream: head for head, stream in reversed(list(enumerate(streams)))}
        self._leader = [first[stream] if self._by_words else head for head, stream in enumerate(streams)]
        self._followed = {leader for head, leader in enumerate(self._leader) if leader != head}
        self._is_one = len(set(self._leader)) == 1
        self._drawn: dict[int, Tensor] = {}  # the words of each stream of several in this layer
        self._words, self._stays = torch.empty(0, dtype=torch.int64), np.empty(0, dtype=np.bool_)
        self._noise = torch.empty(0)

    @classmethod
    def of_torch(cls) -> DropoutDraws:
        """Those of one head from the generator that torch's own layers draw from on a CPU."""
        return cls([torch.default_generator], [None])

    def begin_layer(self) -> None:
        """What is asked next are other draws than those before."""
        self._drawn = {}

    def noise(self, head: int, count: int, rate: float) -> Tensor:
        """Float32 (count,), 0 with probability `rate`, else 1 / (1 - rate); good until the next is asked for."""
        noise = self._buffer(count)
        if not self._by_words:
            return noise.bernoulli_(1 - rate, generator=self._generators[head]).div_(1 - rate)
        words = self._words_of(self._leader[head], count).numpy()
        stays = np.less(words, _below(1 - rate), out=self._stays[:count])  # in a third of torch's time
        return noise.copy_(torch.from_numpy(stays).view(torch.uint8)).mul_(_scale(rate))

    def pass_over(self, heads: Sequence[int], count: int, rate: float) -> None:
        """Have these heads drawn what another one of their stream was asked for."""
        for head in heads:
            if not self._by_words:
                self.noise(head, count, rate)

    def end(self) -> list[torch.Generator]:
        """The generators where the heads have brought them."""
        for head, leader in enumerate(self._leader):
            if leader != head:
                self._generators[head].set_state(self._generators[leader].get_state())
        return list(self._generators)

    def _words_of(self, leader: int, count: int) -> Tensor:
        if leader in self._drawn:
            return self._drawn[leader]
        if len(self._words) < count:
            self._words, self._stays = torch.empty(count, dtype=torch.int64), np.empty(count, dtype=np.bool_)
        words = self._words[:count].random_(generator=self._generators[leader]).bitwise_and_(_MASK)
        if leader in self._followed:
            self._drawn[leader] = words if self._is_one else words.clone()
        return words

    def _buffer(self, count: int) -> Tensor:
        if len(self._noise) < count:
            self._noise = torch.empty(count, device=self._generators[0].device)
        return self._noise[:count]


def through_head(head: nn.Module, inputs_NF: Tensor, draws: DropoutDraws) -> Tensor:
    """What a head makes of its inputs, bit for bit; a dropout that it begins with is drawn quickly.

    `draws` are those `of_torch`. Other heads go through as they are, and so do inputs on a GPU or whose slope is asked.
    """
    layers = list(head) if type(head) is nn.Sequential else []
    first = layers[0] if layers else None
    is_plain = inputs_NF.dtype == torch.float32 and inputs_NF.device.type == "cpu" and inputs_NF.is_contiguous()
    if (
        type(first) is not nn.Dropout
        or not (first.training and 0 < first.p < 1 and is_plain)
        or inputs_NF.requires_grad
    ):
        return cast(Tensor, head(inputs_NF))
    draws.begin_layer()
    outputs = inputs_NF * draws.noise(0, inputs_NF.numel(), first.p).view_as(inputs_NF)
    for layer in layers[1:]:
        outputs = layer(outputs)
    return outputs


def _below(probability: float) -> int:
    """The least word that is not below the probability, as a fraction of all of `DIGITS` bits."""
    scaled = probability * 2.0**DIGITS  # exact: a power of two
    return int(scaled) + (scaled != int(scaled))


@cache
def _scale(rate: float) -> float:
    """What torch divides by `1 - rate` comes to, in float32."""
    return float(torch.ones(1).div_(1 - rate))


@cache
def _draws_by_words() -> bool:
    """Whether torch's Bernoulli numbers are, on this machine, its words compared with the probability."""
    one, other = (torch.Generator().manual_seed(7) for _ in range(2))
    bernoulli = torch.empty(1000, dtype=torch.bool).bernoulli_(0.7, generator=one)
    words = torch.empty(1000, dtype=torch.int64).random_(generator=other).bitwise_and_(_MASK)
    is_same = torch.equal(bernoulli, words < _below(0.7))
    return is_same and torch.equal(one.get_state(), other.get_state())
