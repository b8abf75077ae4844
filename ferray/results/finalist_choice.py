"""Which recipes of a search are confirmed, against which baseline, and with seeds that the search has not had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError, did_you_mean
from ferray.results.arms import seed_of
from ferray.results.chosen import trial_called
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord

BASELINE = "baseline"
BASELINES = (
    "a trial by its number (`--baseline 0`), a recipe, a trial of another sweep (`NAME:3`) or a space by name or path"
)
MOST_SEEDS = 1000  # of one confirmation; fresh ones begin at a multiple of it, so that everybody sees that they are


@dataclass(frozen=True)
class Arm:
    """A recipe that is trained anew under the name of an arm; `config` is as `TrialConfig.to_json` has it.

    `trial` and `validation` are those of the search's trial that it was chosen by, None where it is from elsewhere.
    """

    name: str
    recipe: str
    config: dict[str, Any]
    trial: int | None = None
    validation: float | None = None

    @classmethod
    def of(cls, trial: TrialRecord, name: str = "") -> Arm:
        """The arm of a trial of the search, called after its number unless it has another name."""
        config = trial.trial_config()
        return cls(name or f"trial-{trial.number}", config.recipe, config.to_json(), trial.number, trial.value)

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Arm:
        """The inverse of `to_json`, by today's classes; ValueError for what is no configuration of this ferray."""
        config = TrialConfig.model_validate(data["config"])
        return cls(str(data["name"]), config.recipe, config.to_json(), data["trial"], data["validation"])


def choose_finalists(record: SweepRecord, top: int) -> list[Arm]:
    """The best recipes, so many or as many as there are, each by its best trial; ConfigError where none is complete."""
    complete = rank(record).complete
    if not complete:
        hint = f"`{record.command('trials')}` says how they ended"
        raise ConfigError(f"no trial of `{record.name}` is complete", hint)
    best: dict[str, TrialRecord] = {}
    for trial in complete:
        best.setdefault(trial.recipe, trial)
    return [Arm.of(trial) for trial in list(best.values())[:top]]


def choose_baseline(record: SweepRecord, said: str, elsewhere: Callable[[str], TrialConfig]) -> Arm:
    """What finalists are held against: a recipe or a trial of the search by number, else what `elsewhere` makes of it.

    Of a recipe the best trial. ConfigError where it is none of these.
    """
    of_recipe = [trial for trial in rank(record).trials if trial.recipe == said and trial.config]
    if of_recipe:
        return Arm.of(of_recipe[0], BASELINE)
    if said.isdecimal():
        return Arm.of(trial_called(record, int(said)), BASELINE)
    try:
        config = elsewhere(said)
    except ConfigError as error:
        recipes = sorted({trial.recipe for trial in record.trials if trial.recipe})
        if said in error.message and "no search space" in error.message:
            message = f"`--baseline {said}` is no recipe and no trial of `{record.name}`, and no search space"
            spaces = error.hint if error.hint.startswith("did you mean") else BASELINES
            raise ConfigError(message, did_you_mean(said, recipes) if len(said) == 8 else spaces) from error
        raise
    return Arm(BASELINE, config.recipe, config.to_json())


def fresh_seed(records: Iterable[SweepRecord]) -> int:
    """The first of `MOST_SEEDS` seeds of which no trial of these sweeps has had one."""
    used = {seed_of(trial) for record in records for trial in record.trials}
    taken = {seed // MOST_SEEDS for seed in used}
    return next(start for start in range(1, len(taken) + 2) if start not in taken) * MOST_SEEDS


def fixed_stages_remark(arms: Iterable[Arm]) -> str:
    """What to know where an earlier stage has a seed of its own, which fresh ones leave as it is; "" for none."""
    fixed = [arm.name for arm in arms if any("seed" in stage for stage in arm.config.get("stages") or ())]
    if not fixed:
        return ""
    what = f"an earlier stage of {', '.join(fixed)} has a `seed` of its own and is the same for all fresh seeds"
    return f"{what}: what they tell apart is the training after it"


def seeds_of_search(record: SweepRecord, arms: Sequence[Arm]) -> set[int]:
    """The seeds with which the search has trained these recipes."""
    recipes = {arm.recipe for arm in arms}
    return {seed_of(trial) for trial in record.trials if trial.recipe in recipes}
