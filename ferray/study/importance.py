"""Which searched parameters a sweep's scores depended on, by Optuna's evaluators."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from ferray.config.option_names import option_names, told_key
from ferray.config.space import Node
from ferray.study.records import SweepRecord, TrialRecord
from ferray.study.suggest import distribution_of
from ferray.system.lean_imports import absent

if TYPE_CHECKING:
    from optuna.importance import BaseImportanceEvaluator

FEWEST_TRIALS = 10  # below this the evaluators answer, and what they say is noise
SEED = 0
# A tree is asked about each of its splits at each of its leaves: of 1,000 trials Optuna's 64 levels take fifteen times
# as long, and what they add to the shares is less than another seed does.
DEPTH = 6
MOST_TRIALS = 2000  # more of them move no share by as much as another seed


@dataclass(frozen=True)
class Importance:
    """What one evaluator says: shares that add up to 1, the largest first.

    `n` is the complete trials behind them. `unjudged` are parameters that it cannot judge, as not every trial has them.
    """

    evaluator: str
    shares: dict[str, float]
    n: int
    unjudged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Importances:
    """Each evaluator's word, or `why_not`, a sentence, where there is none; `num_left` trials were not looked at."""

    by_evaluator: tuple[Importance, ...] = ()
    why_not: str = ""
    num_left: int = 0


def importances(record: SweepRecord, nodes: Mapping[str, Node]) -> Importances:
    """The importance of each parameter of the space's `nodes` for the objective, over the complete trials.

    Of more than MOST_TRIALS an even selection is judged, in order of number.

    PED-ANOVA judges parameters that only some trials have too, fANOVA those of all trials. Sources: Watanabe, Bansal
    and Hutter, "PED-ANOVA", IJCAI 2023; Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing
    Hyperparameter Importance", ICML 2014.
    """
    scored = _scored(record)
    study = _study_of(_evenly(scored), record.mode, nodes)
    trials = study.get_trials(deepcopy=False)
    n = len(trials)
    if n < FEWEST_TRIALS:
        return Importances(why_not=f"{n} complete trials are too few, {FEWEST_TRIALS} are the least")
    if len({trial.value for trial in trials}) < 2:
        return Importances(why_not="all complete trials have one value")
    varied = _varied(trials)
    if len(varied) < 2:
        return Importances(why_not="fewer than two parameters vary among the complete trials")
    everywhere = [name for name in varied if all(name in trial.params for trial in trials)]
    evaluators = import_evaluators()
    found = [_judged("PED-ANOVA", evaluators.PedAnovaImportanceEvaluator(), study, varied)]
    if len(everywhere) > 1:
        missing = tuple(name for name in varied if name not in everywhere)
        fanova = evaluators.FanovaImportanceEvaluator(max_depth=DEPTH, seed=SEED)
        found.append(_judged("fANOVA", fanova, study, everywhere, missing))
    return Importances(tuple(found), num_left=max(0, len(scored) - MOST_TRIALS))


def import_evaluators() -> ModuleType:
    """`optuna.importance`, which imports scikit-learn: a second, which a sweep of few trials does without."""
    with absent("pandas"):  # of which scikit-learn takes note, should it be there
        return import_module("optuna.importance")


def _judged(
    name: str,
    evaluator: BaseImportanceEvaluator,
    study: optuna.Study,
    params: list[str],
    unjudged: tuple[str, ...] = (),
) -> Importance:
    from optuna.importance import get_param_importances

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = get_param_importances(study, evaluator=evaluator, params=params)
    return Importance(name, shares, len(study.get_trials(deepcopy=False)), unjudged)


def _scored(record: SweepRecord) -> list[TrialRecord]:
    return [
        trial
        for trial in record.trials
        if trial.state == "complete" and trial.value is not None and math.isfinite(trial.value)
    ]


def _evenly(trials: Sequence[TrialRecord], most: int = MOST_TRIALS) -> Sequence[TrialRecord]:
    """`most` of them from the first to the last, or all where there are not so many."""
    if len(trials) <= most:
        return trials
    return [trials[place * len(trials) // most] for place in range(most)]


def _study_of(trials: Sequence[TrialRecord], mode: str, nodes: Mapping[str, Node]) -> optuna.Study:
    """The trials as a study in memory, parameters by the names that people are told, without those trials that lie
    outside the space as it is known.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=_DIRECTIONS[mode])
    names = option_names(nodes)
    known = {told_key(name, names): distribution_of(node) for name, node in nodes.items()}
    for trial in trials:
        told = {told_key(name, names): value for name, value in trial.params.items()}
        params = {name: value for name, value in told.items() if name in known}
        with suppress(ValueError, TypeError):  # what lies outside the space as it is known has no say
            distributions: dict[str, BaseDistribution] = {name: known[name] for name in params}
            study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=trial.value))
    return study


_DIRECTIONS = {"max": StudyDirection.MAXIMIZE, "min": StudyDirection.MINIMIZE}


def _varied(trials: Sequence[FrozenTrial]) -> list[str]:
    values: dict[str, set[object]] = {}
    for trial in trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name, of_name in values.items() if len(of_name) > 1]
