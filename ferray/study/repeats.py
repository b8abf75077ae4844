"""`Repeats`: which seeds each recipe has been asked with, so that one proposed again is no copy of an earlier trial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from optuna.trial import FrozenTrial

from ferray.config.trial import TrialConfig
from ferray.study.records import TRIAL_ATTR


class Repeats:
    """The same recipe with the same seed gives the same numbers: what is asked again gets the next seed instead.

    Where seeds are searched, or counted out by `seeds`, they are the space's own and stay as they are proposed.
    """

    def __init__(self, *, seeds_are_searched: bool) -> None:
        self._are_searched = seeds_are_searched
        self._taken: defaultdict[str, set[int]] = defaultdict(set)

    def learn(self, trials: Iterable[FrozenTrial]) -> None:
        """These trials were asked, by whichever driver."""
        for trial in trials:
            facts = trial.user_attrs.get(TRIAL_ATTR, {})
            if (seed := seed_of(trial.user_attrs)) is not None:
                self._taken[facts.get("recipe", "")].add(seed)

    def with_free_seed(self, config: TrialConfig, recipe: str) -> TrialConfig:
        """The configuration with the first seed, from its own on, that its `recipe` was not asked with yet."""
        taken, seed = self._taken[recipe], config.seed
        while seed in taken and not self._are_searched:
            seed = (seed + 1) % 2**31
        taken.add(seed)
        return with_seed(config, seed)


def with_seed(config: TrialConfig, seed: int) -> TrialConfig:
    """The same recipe with this seed."""
    return config.model_copy(update={"seed": seed})


def seed_of(attrs: Mapping[str, Any]) -> int | None:
    """The seed that the trial of these attributes was asked with, or is to be asked with; None where none tells."""
    seed: int | None = attrs.get(TRIAL_ATTR, {}).get("config", {}).get("seed", attrs.get("seed"))
    return seed
