"""The stack that ferray is compared with asks the same space, and keeps what its trials say."""

from __future__ import annotations

import pickle

from optuna.trial import FixedTrial

from bench.stock_stack import Asked, Heard, most_epochs
from ferray.config.load import load_space
from ferray.config.sweep import SweepSpec


def demo() -> SweepSpec:
    return load_space("demo")[0]


ANSWERS = {
    "backbone.width": 16,
    "head": "linear",
    "head.linear.dropout": 0.25,
    "optimizer.lr": 1e-3,
    "batch_size": 64,
    "epochs": 7,
    "imbalance": "focal",
    "imbalance.focal.gamma": 2.5,
    "outliers": "none",
}


def test_space_is_asked_of_optuna_as_ferray_asks_it() -> None:
    recipe = Asked(demo(), seed=3)(FixedTrial(ANSWERS))["recipe"]
    assert (recipe["epochs"], recipe["imbalance"]["focal"]["gamma"], recipe["seed"]) == (7, 2.5, 3)


def test_space_survives_the_pickling_of_tune() -> None:
    assert pickle.loads(pickle.dumps(Asked(demo(), seed=3))) == Asked(demo(), seed=3)


def test_rungs_reach_to_the_longest_trial_of_the_space() -> None:
    assert most_epochs(demo()) == 10


def test_trial_counts_by_its_best_epoch() -> None:
    heard = Heard()
    for value in (0.2, 0.5, 0.4):
        heard.hear("a", value)
    heard.hear("b", 0.3)
    found = heard.to_json()
    assert (found["best"], [(row["epochs"], row["best"]) for row in found["trials"]]) == (0.5, [(3, 0.5), (1, 0.3)])
