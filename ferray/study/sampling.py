"""The sampler that a study begins or goes on with."""

from __future__ import annotations

import hashlib

import optuna
from optuna.samplers import BaseSampler

from ferray.config.sweep import SweepSpec
from ferray.study.known_trials import known_trials
from ferray.study.samplers import SamplerFactory
from ferray.study.samplers._informed import Informed


def new_sampler(study: optuna.Study, spec: SweepSpec, apart: str) -> BaseSampler:
    """The sampler of `spec`, which knows what the study has taken over from earlier sweeps where it can learn of it.

    `apart` tells drivers that begin at the same trial, "" for the first.
    """
    factory: SamplerFactory = spec.sampler.load()(spec.sampler.build_params())
    sampler = factory.create(_seed(study, spec, apart))
    known = known_trials(study, spec) if factory.learns_from_others else []
    return Informed(sampler, known) if known else sampler


def _seed(study: optuna.Study, spec: SweepSpec, apart: str) -> int:
    """Apart for every continuation: a sampler restarted on its first seed would repeat its first proposals."""
    seed = spec.base.get("seed", 0)
    text = "/".join([f"{seed}/{len(study.get_trials(deepcopy=False))}", *filter(None, [apart])])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
