"""Which searched parameters a sweep's scores depended on, by Optuna's evaluators."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection

from ferray.config.option_names import option_names, told_key
from ferray.config.space import Node
from ferray.study.records import SweepRecord
from ferray.study.suggest import distribution_of

if TYPE_CHECKING:
    from optuna.importance import BaseImportanceEvaluator

FEWEST_TRIALS = 10  # below this the evaluators answer, and what they say is noise
SEED = 0


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
    """Each evaluator's word, or `why_not`, a sentence, where there is none."""

    by_evaluator: tuple[Importance, ...] = ()
    why_not: str = ""


def importances(record: SweepRecord, nodes: Mapping[str, Node]) -> Importances:
    """The importance of each parameter of the space's `nodes` for the objective, over the complete trials.

    PED-ANOVA judges parameters that only some trials have too, fANOVA those of all trials. Sources: Watanabe, Bansal
    and Hutter, "PED-ANOVA", IJCAI 2023; Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing
    Hyperparameter Importance", ICML 2014.
    """
    study = _study_of(record, nodes)
    n = len(study.trials)
    if n < FEWEST_TRIALS:
        return Importances(why_not=f"{n} complete trials are too few, {FEWEST_TRIALS} are the least")
    if len({trial.value for trial in study.trials}) < 2:
        return Importances(why_not="all complete trials have one value")
    varied = _varied(study)
    if len(varied) < 2:
        return Importances(why_not="fewer than two parameters vary among the complete trials")
    everywhere = [name for name in varied if all(name in trial.params for trial in study.trials)]
    # Here, since they import scikit-learn and pandas: seconds, which a small sweep does without.
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    found = [_judged("PED-ANOVA", PedAnovaImportanceEvaluator(), study, varied)]
    if len(everywhere) > 1:
        missing = tuple(name for name in varied if name not in everywhere)
        found.append(_judged("fANOVA", FanovaImportanceEvaluator(seed=SEED), study, everywhere, missing))
    return Importances(tuple(found))


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
    return Importance(name, shares, len(study.trials), unjudged)


def _study_of(record: SweepRecord, nodes: Mapping[str, Node]) -> optuna.Study:
    """The complete trials as a study in memory, parameters by the names that people are told, without those trials that
    lie outside the space as it is known.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=_DIRECTIONS[record.mode])
    names = option_names(nodes)
    known = {told_key(name, names): distribution_of(node) for name, node in nodes.items()}
    for trial in record.trials:
        if trial.state == "complete" and trial.value is not None and math.isfinite(trial.value):
            told = {told_key(name, names): value for name, value in trial.params.items()}
            params = {name: value for name, value in told.items() if name in known}
            with suppress(ValueError, TypeError):  # what lies outside the space as it is known has no say
                distributions: dict[str, BaseDistribution] = {name: known[name] for name in params}
                study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=trial.value))
    return study


_DIRECTIONS = {"max": StudyDirection.MAXIMIZE, "min": StudyDirection.MINIMIZE}


def _varied(study: optuna.Study) -> list[str]:
    values: dict[str, set[object]] = {}
    for trial in study.trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name, of_name in values.items() if len(of_name) > 1]
