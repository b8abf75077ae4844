"""Trials as warm actors of Ray Tune, on an embedded cluster or an existing one.

Ray is a place here, not a brain: the searcher and the scheduler below are shells that pass messages to the driver.
The scheduler does the reporting, because Ray asks it first and never shows the searcher the result it stopped on.
Actors are reused through a class Trainable whose `reset_config` rebuilds everything; a function trainable that is
reused fails and stalls trials.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # or `uv run ferray` has Ray upload the working folder
    "RAY_TRAIN_COUNT_PREEMPTION_AS_FAILURE": "1",  # or Tune restarts a preempted trial behind the driver's back
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_MAX_PENDING_TRIALS_PG": "1000",
    "TUNE_WARN_THRESHOLD_S": "30",
}
for _name, _value in _QUIET.items():  # read by ray when it is imported, here and in every process it starts
    os.environ.setdefault(_name, _value)

import ray  # noqa: E402
from ray import tune  # noqa: E402
from ray.tune.error import TuneError  # noqa: E402
from ray.tune.schedulers import FIFOScheduler, TrialScheduler  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

from ferray.artifacts.trial import TrialArtifacts  # noqa: E402
from ferray.config.job import TrialJob  # noqa: E402
from ferray.config.runtime import Runtime  # noqa: E402
from ferray.errors import ClusterError  # noqa: E402
from ferray.events import Decision, EpochReport, FailureReason, Outcome  # noqa: E402
from ferray.launch import Launcher  # noqa: E402
from ferray.launch._address import ignored_address  # noqa: E402
from ferray.launch._capacity import Capacity, await_placement, living_nodes, wanted_placement  # noqa: E402
from ferray.launch._clusters import hide_arguments, others_cluster, own_cluster  # noqa: E402
from ferray.launch._heartbeat import Heartbeat, heartbeat_of  # noqa: E402
from ferray.launch._limits import what_to_try  # noqa: E402
from ferray.launch._saves import Saves  # noqa: E402
from ferray.launch._session_folder import session_folder  # noqa: E402
from ferray.launch._shell import Shell  # noqa: E402
from ferray.launch._signals import heard_at_once  # noqa: E402
from ferray.launch._watchdog import Watch  # noqa: E402
from ferray.launch._worker_errors import why_lost, words_of  # noqa: E402
from ferray.sweeps.driver import SweepDriver  # noqa: E402
from ferray.sweeps.placement import Placement, find_placement  # noqa: E402
from ferray.system.cores import num_cores  # noqa: E402
from ferray.system.signals import stops_kept  # noqa: E402
from ferray.training.freshness import Freshness  # noqa: E402
from ferray.training.worker import TrialWorker  # noqa: E402

SAVE_PATIENCE_S = 5.0  # of the ten seconds in which Ctrl-C ends
IMPORT_TIME = "10 to 30 s"


class _TrialActor(tune.Trainable):  # type: ignore[misc]  # ray is untyped here
    """A warm worker: trains job after job, one epoch a step. Nothing of a job outlives `reset_config`."""

    def setup(self, config: dict[str, Any]) -> None:
        self._worker = TrialWorker(TrialJob(**config["job"]))
        self._freshness = Freshness()

    def step(self) -> dict[str, Any]:
        result = self._worker.step()  # sent as text: Ray flattens dictionaries into keys with slashes
        if isinstance(result, Outcome):
            # Whatever a bug left in the process, a CUDA context beyond repair at worst, ends with it.
            worn_out = result.reason is FailureReason.BUG or self._freshness.is_gone
            return {"failure": json.dumps(result.to_json()), "worn_out": worn_out}
        return {"report": json.dumps(result.to_json()), "worn_out": self._freshness.is_gone}

    def save_now(self) -> str:
        """Have the trial save, although nobody asks for its next epoch; "", or why that was not possible."""
        return self._worker.save()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._worker.close()
        # What is left is the libraries: half a million objects that every later collection would walk for 0.7 s.
        gc.freeze()
        self._worker = TrialWorker(TrialJob(**new_config["job"]))
        self._freshness.count()
        return True

    def cleanup(self) -> None:
        self._worker.close()


class _Searcher(Shell, Searcher):  # type: ignore[misc]
    """Hands out the driver's jobs, as many at a time as the cluster takes by now."""

    def __init__(self, driver: SweepDriver, capacity: Capacity, saves: Saves, trouble: list[Exception]) -> None:
        super().__init__()
        self._driver = driver
        self._capacity = capacity
        self._saves = saves
        self._trouble = trouble

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        del trial_id
        with self._kept():
            job = self._driver.next_job() if self._capacity.has_room else None
        if job is not None:
            return {"job": asdict(job)}
        if not self._driver.is_done:
            return None
        self._saves.wait()
        return str(self.FINISHED)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing: the scheduler has heard it already."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the store is the memory."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the store is the memory."""


class _Scheduler(Shell, FIFOScheduler):  # type: ignore[misc]
    """Passes each epoch to the driver and its decision back."""

    def __init__(self, driver: SweepDriver, watch: Watch, saves: Saves, trouble: list[Exception]) -> None:
        super().__init__()
        self._driver = driver
        self._watch = watch
        self._saves = saves
        self._trouble = trouble

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        self._watch.meet(tune_controller)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        del tune_controller
        number: int = trial.config["job"]["number"]
        if not self._driver.is_running(number):
            return str(TrialScheduler.STOP)
        with self._kept():
            goes_on = self._pass_on(number, trial, result)
        if goes_on:
            return str(TrialScheduler.CONTINUE)
        if result.get("worn_out"):
            self._watch.retire_next_actor()
        return str(TrialScheduler.STOP)

    def _pass_on(self, number: int, trial: Any, result: dict[str, Any]) -> bool:
        """Tell the driver; whether the trial goes on."""
        if "failure" in result:
            self._driver.ended(number, Outcome.from_json(json.loads(result["failure"])))
            return False
        report = EpochReport.from_json(json.loads(result["report"]))
        decision = self._driver.epoch_ended(number, report)
        if decision is Decision.CONTINUE and not report.is_last:
            return True
        if decision is Decision.PAUSE:
            self._saves.ask(number, trial.temporary_state.ray_actor)
        self._driver.ended(number)
        return False

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        del tune_controller
        number: int = trial.config["job"]["number"]
        if not self._driver.is_running(number):
            return
        words = words_of(trial)
        reason, message = why_lost(words)
        if hung := self._watch.why_killed(number):
            reason, message = FailureReason.HANG, hung
        with self._kept():
            self._driver.lost(number, reason, message, words)


class Ray(Launcher):
    """Trains on Ray Tune, many trials at a time: an embedded cluster on this machine, or the one at `--address`."""

    def check(self) -> Placement:
        if self.runtime.address is not None:
            with others_cluster(self.runtime.address) as options, _cluster(self.runtime, options):
                return self._placement_in_cluster() if self.runtime.wait_s is None else wanted_placement(self.runtime)
        if self.runtime.device == "cuda" and not _num_gpus():
            raise ClusterError(
                "this machine has no CUDA device", "pass `--device cpu`, or the `--address` of a cluster"
            )
        return find_placement(self.runtime, [{"CPU": float(num_cores()), "GPU": float(_num_gpus())}], "this machine")

    def _placement_in_cluster(self) -> Placement:
        return find_placement(self.runtime, living_nodes(), "the cluster")

    def _awaited_placement(self, tell: Callable[[str], None]) -> Placement:
        if self.runtime.wait_s is None:
            return self._placement_in_cluster()
        return await_placement(self.runtime, self.runtime.wait_s, tell)

    def _what_begins(self) -> str:
        if self.runtime.address is not None:
            return f"connecting to the Ray cluster at `{self.runtime.address}`"
        return f"starting Ray on this machine: {self.check()}"

    def _whose(self, folder: Path) -> contextlib.AbstractContextManager[dict[str, Any]]:
        """The options for the cluster to run on: at `--address`, or an embedded one in `folder`; never by accident."""
        return own_cluster(folder) if self.runtime.address is None else others_cluster(self.runtime.address)

    def run(self, driver: SweepDriver) -> None:
        driver.note(self._what_begins())
        if ignored := ignored_address(self.runtime.address):
            driver.note(ignored)
        with session_folder() as folder, self._whose(folder) as options, _cluster(self.runtime, options, driver.note):
            place = self._awaited_placement(driver.note)
            if not place.gpus:  # without one of its own, a trial would see every GPU and share it with all the others
                driver.runtime = driver.runtime.model_copy(update={"device": "cpu"})
            where = f"the cluster takes {place}; " if self.runtime.address else ""
            driver.note(f"{where}a worker imports torch before its first epoch: {IMPORT_TIME}")
            driver.start(place.slots)
            try:
                with heartbeat_of(self.runtime.address) as heartbeat:
                    _fit(driver, place, heartbeat, folder / "tune")
            except KeyboardInterrupt:
                driver.say_stopping()
                with contextlib.suppress(KeyboardInterrupt):  # a second one: those that have not saved go on from less
                    _let_workers_save(driver.running_artifacts)
                driver.interrupt()
                raise
            except ClusterError:
                driver.interrupt()
                raise


def _let_workers_save(running: list[TrialArtifacts]) -> None:
    """Ask every running trial for its checkpoint and wait a few seconds for those whose epoch ends in time."""
    for artifacts in running:
        artifacts.request_stop()
    until = time.monotonic() + SAVE_PATIENCE_S
    try:
        while time.monotonic() < until and any(artifacts.stop_is_requested() for artifacts in running):
            time.sleep(0.05)
    finally:
        for artifacts in running:
            artifacts.acknowledge_stop()


def _fit(driver: SweepDriver, place: Placement, heartbeat: Heartbeat, scratch: Path) -> None:
    trouble: list[Exception] = []
    capacity, saves = Capacity(driver, place), Saves(driver)
    watch = Watch(driver, capacity, heartbeat, trouble)
    tuner = tune.Tuner(
        tune.with_resources(_TrialActor, {"cpu": place.cpus, "gpu": place.gpus}),
        tune_config=tune.TuneConfig(
            search_alg=_Searcher(driver, capacity, saves, trouble),
            scheduler=_Scheduler(driver, watch, saves, trouble),
            num_samples=-1,  # the driver counts
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=driver.spec.name,
            storage_path=str(scratch),
            verbose=0,
            callbacks=[watch],
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    try:
        tuner.fit()
    except TuneError as error:
        raise (trouble[0] if trouble else error) from None
    if trouble:
        raise trouble[0]


@contextlib.contextmanager
def _cluster(runtime: Runtime, options: dict[str, Any], tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """A connection to the cluster that `options` lead to."""
    if runtime.address is None:
        options = {**options, "num_cpus": num_cores()}
    hide_arguments()
    try:
        with stops_kept(), heard_at_once(lambda: tell("stopping: as soon as Ray answers, within seconds")):
            # ray.init puts a handler of SIGTERM in place that exits at once.
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray raises a plain one where its processes do not come up
        raise _not_started(error, runtime.address) from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # the traceback of a lost worker, which has a line of ours
    try:
        yield
    finally:
        ray.shutdown()


def _not_started(error: Exception, address: str | None) -> ClusterError:
    reason = (str(error).strip() or type(error).__name__).split("\n", 1)[0]
    if address is None:
        return ClusterError(f"Ray does not start on this machine: {reason}", what_to_try())
    message = f"no Ray cluster can be reached at `{address}`: {reason}"
    return ClusterError(message, "start one with `ray start --head`, or leave out `--address`")


def _num_gpus() -> int:
    import torch

    return torch.cuda.device_count()
