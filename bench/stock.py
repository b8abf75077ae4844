"""What a study says of stopped trials: Ray Tune's own searcher with its own scheduler, and ferray, on the same curves.

    python -m bench.stock [--trials 16]

prints one JSON document. Both search one learning rate over learning curves made by a formula, eight epochs a trial,
half of the trials or more being stopped before their last. `stopped` counts them, `study` the states under which the
Optuna study keeps its trials, which is what the sampler learns from and what `optuna-dashboard` shows.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench.record import environment
from ferray.config.trial import TrialConfig
from ferray.study.history import load_sweep
from ferray.testing.curves import open_driver, run_curves, saturating, small_spec

EPOCHS = 8
CPUS = 2
SEED = 1
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1", "RAY_AIR_NEW_OUTPUT": "0"}


def main() -> None:
    """Both searches, and what they recorded."""
    parser = argparse.ArgumentParser(description="Compare what two studies say of stopped trials.")
    parser.add_argument("--trials", type=int, default=16)
    trials = parser.parse_args().trials
    found = {"ray.tune.OptunaSearch with ASHAScheduler": stock(trials), "ferray with asha": ours(trials)}
    print(json.dumps({"trials": trials, "epochs": EPOCHS, "machine": environment(), "searches": found}, indent=2))


def stock(trials: int) -> dict[str, Any]:
    """Ray Tune as its documentation pairs the two."""
    os.environ.update(QUIET)
    import ray
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    def train(config: dict[str, float]) -> None:
        trial = TrialConfig.model_validate({"dataset": "demo", "epochs": EPOCHS, "optimizer": {"lr": config["lr"]}})
        for epoch in range(1, EPOCHS + 1):
            tune.report({"uar": saturating(trial, epoch / EPOCHS)})

    ray.init(address="local", num_cpus=CPUS, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    search = OptunaSearch(metric="uar", mode="max", seed=SEED)
    with tempfile.TemporaryDirectory() as folder:
        results = tune.Tuner(
            train,
            param_space={"lr": tune.loguniform(1e-5, 1e-1)},
            tune_config=tune.TuneConfig(
                search_alg=search,
                scheduler=ASHAScheduler(metric="uar", mode="max", max_t=EPOCHS, grace_period=1, reduction_factor=3),
                num_samples=trials,
                max_concurrent_trials=CPUS,
            ),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
        reached = [result.metrics["training_iteration"] for result in results]
    ray.shutdown()
    states = Counter(trial.state.name.lower() for trial in search._ot_study.trials)
    return {"stopped": sum(epochs < EPOCHS for epochs in reached), "study": dict(states)}


def ours(trials: int) -> dict[str, Any]:
    """The same curves, the same rule, through ferray's driver and its study."""
    spec = small_spec(
        budget={"trials": trials},
        sampler="tpe",
        pruner={"asha": {"reduction_factor": 3}},
        base={"epochs": EPOCHS},
        space={"optimizer.lr": {"log_uniform": [1e-5, 1e-1]}},
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / spec.name
        run_curves(open_driver(place, spec), slots=CPUS)
        record = load_sweep(place)
    stopped = sum(trial.epochs < trial.epochs_asked for trial in record.trials)
    return {"stopped": stopped, "study": dict(Counter(trial.state for trial in record.trials))}


if __name__ == "__main__":
    main()
