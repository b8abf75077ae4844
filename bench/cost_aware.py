"""What a sampler that heeds cost would gain where backbones differ by ten times in it: searches of equal time.

    python -m bench.cost_aware [--quick]

prints one JSON document. Simulated studies over a backbone of three (an epoch takes 1, 3 and 10 s), a rate, a decay and
a dropout, ten epochs a trial, one at a time, with noise of a small validation set. In `cheap` all backbones can become
equally good, in `even` the dearest is better by the noise, in `dear` by five times that. Each seed is searched for as
many seconds by each weight of `sampler.tpe.cost_weight`; `regret` is what the best trial by then lacks of the best that
there is, without its noise, and `trials` how many there was time for. `difference` is weight less plain, the mean over
seeds with its 95 % interval (Student's t): below 0 is better.
"""

from __future__ import annotations

import math
import warnings
from statistics import mean, stdev
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers._tpe.sampler import default_gamma
from optuna.trial import FrozenTrial, TrialState

from bench.record import Record, print_record, recording
from ferray.stats.epoch_costs import EpochCosts, Known
from ferray.stats.estimates import t_interval
from ferray.study.samplers._quick_tpe import QuickTPESampler

EPOCH_S = {"small": 1.0, "middle": 3.0, "large": 10.0}
WORTH = {  # of a backbone at its best, in terms of the noise
    "cheap": {"small": 0.0, "middle": 0.0, "large": 0.0},
    "even": {"small": 0.0, "middle": 0.5, "large": 1.0},
    "dear": {"small": 0.0, "middle": 1.0, "large": 5.0},
}
NOISE = 0.02
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
EPOCHS = 10
WEIGHTS = (0.0, 0.25, 0.5, 1.0)
BUDGETS_S = (600.0, 2400.0)


class CostAwareTPESampler(QuickTPESampler):
    """TPE by expected improvement per cost, EI / cost ** `weight`, where the cost of an epoch is learnt from trials.

    The expected improvement of TPE is that of Bergstra et al. 2011, section 4.1.
    """

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._weight = weight
        self._space: dict[str, BaseDistribution] = {}
        self._num_ended = 0
        self._costs = EpochCosts(())

    def _sample(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        ended = study._get_trials(deepcopy=False, states=ENDED, use_cache=True)
        if len(ended) != self._num_ended:
            known = [Known(each.params, each.user_attrs["seconds"] / EPOCHS) for each in ended]
            self._num_ended, self._costs = len(ended), EpochCosts(known)
        self._space = search_space
        return super()._sample(study, trial, search_space)

    def _compute_acquisition_func(self, samples: dict[str, NDArray[Any]], *densities: Any) -> NDArray[np.float64]:
        log_ratios = super()._compute_acquisition_func(samples, *densities)
        good = default_gamma(self._num_ended) / max(1, self._num_ended)
        log_improvements = -np.logaddexp(np.log(good), np.log1p(-good) - log_ratios)
        return np.asarray(log_improvements - self._weight * np.log(self._seconds(samples)))

    def _seconds(self, samples: dict[str, NDArray[Any]]) -> list[float]:
        rows = zip(*samples.values(), strict=True)
        asked = [dict(zip(samples, row, strict=True)) for row in rows]
        return [
            self._costs.epoch_s({name: kind.to_external_repr(each[name].item()) for name, kind in self._space.items()})
            for each in asked
        ]


def searched(world: str, weight: float, seed: int) -> dict[float, dict[str, float]]:
    """One search of the longest budget: by each budget, regret and trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        sampler = CostAwareTPESampler(weight, seed=seed) if weight else QuickTPESampler(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    noise = np.random.default_rng([seed, 1])
    spent, best, chosen, num = 0.0, -math.inf, 0.0, 0
    found: dict[float, dict[str, float]] = {}
    while spent < max(BUDGETS_S):
        trial = study.ask()
        true = worth(world, trial)
        seconds = EPOCHS * EPOCH_S[trial.params["backbone"]]
        spent, num = spent + seconds, num + 1
        value = true + float(noise.normal(0, NOISE))
        best, chosen = (value, true) if value > best else (best, chosen)
        trial.set_user_attr("seconds", seconds)
        study.tell(trial, value)
        regret = max(WORTH[world].values()) * NOISE - chosen
        found |= {budget: {"regret": regret, "trials": num} for budget in BUDGETS_S if spent <= budget}
    return found


def worth(world: str, trial: optuna.Trial) -> float:
    """What a proposal is worth without noise: 0 for the smallest backbone at its best."""
    backbone = trial.suggest_categorical("backbone", list(EPOCH_S))
    rate = math.log10(trial.suggest_float("lr", 1e-5, 1e-1, log=True))
    decay = math.log10(trial.suggest_float("decay", 1e-6, 1e-1, log=True))
    dropout = trial.suggest_float("dropout", 0.0, 0.8)
    wide = {"small": -2.5, "middle": -3.0, "large": -3.5}[backbone]  # larger networks want lower rates
    lost = 0.06 * (rate - wide) ** 2 + 0.004 * (decay + 3) ** 2 + 0.1 * (dropout - 0.4) ** 2
    return float(WORTH[world][backbone] * NOISE - lost)


def measure(quick: bool = False) -> Record:
    seeds = 2 if quick else 24
    with recording("cost_aware", quick=quick) as record:
        for world in WORTH:
            runs = {weight: [searched(world, weight, seed) for seed in range(seeds)] for weight in WEIGHTS}
            rows = {f"{budget:g} s": _rows(runs, budget) for budget in BUDGETS_S}
            record.details[world] = rows
            for budget, row in rows.items():
                record.state(f"{world}, {budget}, weight 1", row[1.0]["difference"], "regret less plain")
    return record.document()


def _rows(runs: dict[float, list[dict[float, dict[str, float]]]], budget: float) -> dict[float, dict[str, Any]]:
    plain = [run[budget]["regret"] for run in runs[0.0]]
    return {weight: _row([run[budget] for run in found], plain) for weight, found in runs.items()}


def _row(found: list[dict[str, float]], plain: list[float]) -> dict[str, Any]:
    gaps = [run["regret"] - other for run, other in zip(found, plain, strict=True)]
    error = stdev(gaps) / math.sqrt(len(gaps))
    interval = t_interval(mean(gaps), error, len(gaps) - 1, low=-math.inf) if error else (0.0, 0.0)
    means = {name: mean(run[name] for run in found) for name in ("regret", "trials")}
    return {**means, "difference": mean(gaps), "interval": interval}


if __name__ == "__main__":
    print_record(measure, __doc__)
