"""Independent uniform draws."""

from __future__ import annotations

from optuna.samplers import BaseSampler, RandomSampler

from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory


class Random(SamplerFactory):
    """Draws every parameter on its own, blind to what came before: the baseline of every search."""

    class Params(BaseParams):
        pass

    def build(self, seed: int) -> BaseSampler:
        return RandomSampler(seed=seed)
