"""A sweep as a good user of Ray Tune writes it by hand over a space of ferray's: what ferray is compared with.

    python -m bench.stock_stack SPACE [--trials N] [--slots 2] [--seed 0] [--middle] [--folder FOLDER]

prints one JSON document: every trial with its epochs and best value, and when each value was known. Tune's `Tuner` with
`OptunaSearch`, ASHA, the W&B callback (offline unless WANDB_MODE says otherwise) and checkpoints of the best epochs;
the training is `bench/stock_training.py`. With care, where Ray's documentation offers it: warm workers
(`reuse_actors`), as many trials at a time as slots, data put once into the object store, no console tables, no
second loggers. The space, the data, the epochs and the number of trials are those of the ferray sweep beside it; with
`--middle` the first trial is too: the middle of the space, which a ferray sweep begins with by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ferray.config.cache_folder import default_cache_dir
from ferray.config.data_root import default_data_root
from ferray.config.load import load_space
from ferray.config.modality import image_size
from ferray.config.space import Choice, Node, Numbers, OneOf
from ferray.config.sweep import SweepSpec
from ferray.data.samples import Splits
from ferray.study.initial_design import initial_sets

METRIC = "val_uar"
REDUCTION_FACTOR = 3
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "NO_ALBUMENTATIONS_UPDATE": "1",
}


@dataclass
class Heard:
    """What the trials of a sweep have reported: a row a trial, and each value with the time of day it was known at."""

    trials: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: list[tuple[float, float]] = field(default_factory=list)

    def hear(self, trial: str, value: float) -> None:
        row = self.trials.setdefault(trial, {"epochs": 0, "best": value, "began": time.time()})
        row |= {"epochs": row["epochs"] + 1, "best": max(value, row["best"]), "ended": time.time()}
        self.values.append((time.time(), value))

    def to_json(self) -> dict[str, Any]:
        best = max((value for _, value in self.values), default=None)
        return {"best": best, "trials": list(self.trials.values()), "values": self.values}


def run_stock(
    space: str,
    folder: Path,
    *options: str,
    cache: Path | None = None,
    trials: int | None = None,
    slots: int = 2,
    seed: int = 0,
) -> dict[str, Any]:
    """The sweep as a process of its own from start to exit: what it prints, and `wall_s`. Packs lie in `cache`."""
    command = [sys.executable, "-m", "bench.stock_stack", space, "--folder", str(folder), *options]
    numbers = ["--slots", str(slots), "--seed", str(seed), *(["--trials", str(trials)] if trials else [])]
    folder.mkdir(parents=True, exist_ok=True)
    threads = [name for name in os.environ if name.endswith("_NUM_THREADS")]
    own = {name: value for name, value in os.environ.items() if name not in threads}
    if cache is not None:
        own["FERRAY_CACHE"] = str(cache)
    started = time.time()
    with (folder / "stderr.log").open("w") as errors:
        ended = subprocess.run([*command, *numbers], stdout=subprocess.PIPE, stderr=errors, text=True, env=own)
    if ended.returncode:
        raise SystemExit(f"the stock stack failed: {(folder / 'stderr.log').read_text()[-2000:]}")
    return {**json.loads(ended.stdout.splitlines()[-1]), "started": started, "wall_s": time.time() - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("space", help="a space of ferray's: a name, or a file")
    parser.add_argument("--trials", type=int, help="in place of the space's budget")
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the searcher and of every trial")
    parser.add_argument("--middle", action="store_true", help="begin with the middle of the space")
    parser.add_argument("--folder", type=Path, help="where results are kept; none are without it")
    given = parser.parse_args()
    spec, _ = load_space(given.space)
    os.environ.update(QUIET)
    os.environ.setdefault("WANDB_MODE", "offline")
    with tempfile.TemporaryDirectory(prefix="stock-") as scratch:
        folder = (given.folder or Path(scratch)).absolute()
        search = Search(given.trials or spec.budget.trials, given.slots, given.seed, given.middle)
        found = run(spec, folder, search)
    print(json.dumps(found.to_json()))


@dataclass(frozen=True)
class Search:
    """How many trials, how many at a time, the searcher's and the trials' seed, and whether the middle comes first."""

    trials: int
    slots: int
    seed: int
    middle: bool


def run(spec: SweepSpec, folder: Path, search: Search) -> Heard:
    """The sweep in this process, on a Ray of its own; a trial that fails ends it."""
    import ray
    from ray import tune

    from bench.stock_training import train

    heard = Heard()
    os.environ["WANDB_DIR"] = str(folder)
    ray.init(
        address="local", num_cpus=search.slots, include_dashboard=False, logging_level="ERROR", log_to_driver=False
    )
    splits = _splits(spec)
    with_data = tune.with_parameters(train, train_samples=splits.train, val_samples=splits.val)
    results = tune.Tuner(
        tune.with_resources(with_data, {"cpu": 1}),
        tune_config=_tune_config(spec, search),
        run_config=_run_config(folder, heard),
    ).fit()
    ray.shutdown()
    if results.errors:
        raise results.errors[0]
    return heard


def _tune_config(spec: SweepSpec, search: Search) -> Any:
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    return tune.TuneConfig(
        metric=METRIC,
        mode="max",
        search_alg=OptunaSearch(
            space=Asked(spec, search.seed),
            metric=METRIC,
            mode="max",
            seed=search.seed,
            points_to_evaluate=initial_sets(spec) if search.middle else None,
        ),
        scheduler=ASHAScheduler(max_t=most_epochs(spec), grace_period=1, reduction_factor=REDUCTION_FACTOR),
        num_samples=search.trials,
        max_concurrent_trials=search.slots,
        reuse_actors=True,
    )


def _run_config(folder: Path, heard: Heard) -> Any:
    from ray import tune
    from ray.air.integrations.wandb import WandbLoggerCallback

    class Listening(tune.Callback):  # type: ignore[misc]  # ray is untyped here
        def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
            heard.hear(trial.trial_id, result[METRIC])

    return tune.RunConfig(
        name="stock",
        storage_path=str(folder),
        verbose=0,
        callbacks=[Listening(), WandbLoggerCallback(project="stock")],
        checkpoint_config=tune.CheckpointConfig(num_to_keep=1, checkpoint_score_attribute=METRIC),
    )


def _splits(spec: SweepSpec) -> Splits:
    """The images of both sides, decoded where they are not yet."""
    from ferray.data.pack import open_splits

    config = spec.config(lambda _, node: extreme(node))
    return open_splits(
        config.dataset,
        size=image_size(config),
        limit_per_class=config.limit_per_class,
        data_root=default_data_root(),
        cache_dir=default_cache_dir(),
    )


@dataclass(frozen=True)
class Asked:
    """The space as a function that asks an Optuna trial, and gives the recipe; Tune pickles it again and again."""

    spec: SweepSpec
    seed: int

    def __call__(self, trial: Any) -> dict[str, Any]:
        from ferray.study.suggest import suggest

        recipe = self.spec.config(lambda name, node: suggest(trial, name, node))
        return {"recipe": {**recipe.to_json(), "seed": self.seed}}


def most_epochs(spec: SweepSpec) -> int:
    """Epochs of the longest trial of the space."""
    return max(spec.config(lambda _, node, last=last: extreme(node, last=last)).epochs for last in (False, True))


def extreme(node: Node, *, last: bool = False) -> Any:
    """The first or the last of what a node offers."""
    if isinstance(node, Numbers):
        end = node.high if last else node.low
        return int(end) if node.kind == "int_uniform" else end
    if isinstance(node, OneOf):
        return node.labels[-1 if last else 0]
    values = node.values
    return values[-1 if last and isinstance(node, Choice) else 0]


if __name__ == "__main__":
    main()
