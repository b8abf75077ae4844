"""The arms of a sweep as its record holds them: which trial ran which arm with which seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ferray.config.space import ARM
from ferray.config.sweep import SweepSpec
from ferray.config.trial import COMPONENT_FIELDS, TrialConfig
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord

ALL = "all trials"  # the one arm of a sweep without arms
INCIDENTAL = ("seed", "init_from")  # keys that may differ without making another experiment


def trials_by_arm(record: SweepRecord) -> dict[str, dict[int, TrialRecord]]:
    """Complete trials by arm and seed, in order of number; of several with one arm and seed the best by objective."""
    ranked = rank(record).complete
    found: dict[str, dict[int, TrialRecord]] = {}
    for trial in sorted(ranked, key=lambda trial: trial.number):
        found.setdefault(arm_of(trial), {})
        found[arm_of(trial)].setdefault(seed_of(trial), trial)
    for trial in reversed(ranked):  # the best comes last, and stays
        found[arm_of(trial)][seed_of(trial)] = trial
    return {arm: dict(sorted(trials.items())) for arm, trials in found.items()}


def arm_of(trial: TrialRecord) -> str:
    """The trial's arm, `all trials` in a sweep that has none."""
    return str(trial.params.get(ARM, ALL))


def seed_of(trial: TrialRecord) -> int:
    """The trial's seed, whether it was one of several or fixed."""
    return int(trial.params.get("seed", trial.config.get("seed", 0)))


def changes(spec: SweepSpec, trial: TrialRecord) -> list[str]:
    """How the trial's configuration differs from what the space asks of its arm: `epochs 8 for 31`, one a key.

    Empty where the trial is as the space has it, or where the space has no such arm.
    """
    try:
        wanted = spec.config(lambda name, _: trial.params[name]).canonical()
    except (KeyError, ValueError):
        return []
    ran, asked = dict(_flat(TrialConfig.canonical_of(trial.config))), dict(_flat(wanted))
    keys = [key for key in asked if key in ran and key not in INCIDENTAL]
    return [f"{key} {_said(ran[key])} for {_said(asked[key])}" for key in keys if ran[key] != asked[key]]


def _flat(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every key with its value: a component's name, then each of its parameters; a group of keys by each of them."""
    for key, value in config.items():
        if not isinstance(value, Mapping):
            yield key, value
            continue
        yield key, next(iter(value), None) if key in COMPONENT_FIELDS else "given"
        for inner, held in value.items():
            nested = held if isinstance(held, Mapping) else {}
            yield from ((f"{key}.{inner}.{name}", parameter) for name, parameter in nested.items())
            if not isinstance(held, Mapping):
                yield f"{key}.{inner}", held


def _said(value: Any) -> str:
    return "none" if value is None else str(value)
