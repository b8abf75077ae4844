"""`BundleTrainable`: a warm worker as Ray Tune knows it, in a module that imports little else than what trains."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray import tune

from ferray.config.cache_folder import cache_dir_here
from ferray.config.job import JobBundle
from ferray.data.opened import forget_listings
from ferray.data.pack_source import ask, current_source
from ferray.events import EpochReport, FailureReason, Outcome, Save
from ferray.launch._driver_actor import reach_files
from ferray.launch._packs import driver_packs
from ferray.training.freshness import Freshness

if TYPE_CHECKING:
    from ferray.training.bundle import BundleWorker, TrialResult


class WornOut(Exception):
    """Ends a worker that is not to be kept: Tune gives no trial to an actor that has failed one."""


class BundleTrainable(tune.Trainable):  # type: ignore[misc]  # ray is untyped here
    """Trains bundle after bundle, an epoch of each trial a step. Nothing of a bundle outlives `reset_config` but
    copies of backbones as they were built (`kept_backbone.py`)."""

    def setup(self, config: dict[str, Any]) -> None:
        if (packs := driver_packs()) is not None:
            ask(packs)
        _pass_over_libraries()
        bundle = _as_it_is_here(config["bundle"])
        reach_files(bundle)
        self._worker = _worker_of(bundle)
        self._freshness = Freshness(len(bundle.jobs))
        self._is_retired = False
        self._node = ray.get_runtime_context().get_node_id()

    def step(self) -> dict[str, Any]:
        if self._is_retired:
            raise WornOut
        results = self._worker.step()
        forget_listings()  # of the data that is open now: on a node each worker would keep its own
        return {"results": encode_results(results), "worn_out": self._is_worn_out(results), "node": self._node}

    def drop(self, number: int, save: str) -> str:
        """End one trial of the bundle; "", or why it could not be saved."""
        return self._worker.drop(number, save=Save(save))

    def retire(self) -> None:
        """Have the next step be the end of this process."""
        self._is_retired = True

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._worker.close()
        gc.collect()  # heads leave what they have to the next look, which does not find what is passed over
        _pass_over_libraries()
        bundle = _as_it_is_here(new_config["bundle"])
        reach_files(bundle)
        self._worker = _worker_of(bundle)
        self._freshness.count(len(bundle.jobs))
        return True

    def cleanup(self) -> None:
        self._worker.close()

    def _is_worn_out(self, results: dict[int, TrialResult]) -> bool:
        """Whatever a bug left in the process, a CUDA context beyond repair at worst, ends with it."""
        outcomes = [result for result in results.values() if isinstance(result, Outcome)]
        return self._freshness.is_gone or any(outcome.reason is FailureReason.BUG for outcome in outcomes)


def _pass_over_libraries() -> None:
    """Have collections leave alone what there is now: half a million objects, which each would walk for 0.3 s or more.

    Between bundles that is the libraries and nothing else.
    """
    gc.freeze()


def _worker_of(bundle: JobBundle) -> BundleWorker:
    from ferray.training.bundle import BundleWorker  # torch: the driver, which names this class to Tune, does without

    return BundleWorker(bundle)


def _as_it_is_here(text: str) -> JobBundle:
    """A bundle with the folders of this node, where that need not be the driver's."""
    bundle = JobBundle.from_text(text)
    if current_source() is None:
        return bundle
    return bundle.cached_in(cache_dir_here(Path(bundle.jobs[0].cache_dir)))


def encode_results(results: dict[int, TrialResult]) -> str:
    """As text, since Ray flattens dictionaries into keys with slashes."""
    return json.dumps([[number, _kind(result), result.to_json()] for number, result in results.items()])


def decode_results(text: str) -> dict[int, TrialResult]:
    """The inverse of `encode_results`."""
    kinds: dict[str, Any] = {"report": EpochReport, "outcome": Outcome}
    return {number: kinds[kind].from_json(data) for number, kind, data in json.loads(text)}


def _kind(result: TrialResult) -> str:
    return "report" if isinstance(result, EpochReport) else "outcome"
