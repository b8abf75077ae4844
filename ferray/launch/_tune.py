"""`TuneThread`: Ray Tune at work on a thread of its own, a Tune trial for each bundle, over Tune's public interfaces.

Tune is the engine and decides nothing: a searcher hands it the bundles that the loop has started, and a scheduler hands
what their workers say to the loop and holds Tune until that has been answered. The scheduler does the reporting,
because Ray asks it first and never shows the searcher the result it stopped on. Actors are reused through a class
Trainable whose `reset_config` rebuilds everything; a function trainable that is reused fails and stalls trials.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray import tune
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from ferray.config.job import JobBundle
from ferray.launch._handover import Abandoned, Handover
from ferray.launch._trainable import BundleTrainable, decode_results
from ferray.launch._worker_errors import survive_ray_errors, words_of
from ferray.sweeps.placement import Placement

if TYPE_CHECKING:
    from ferray.training.bundle import TrialResult

END_WITHIN_S = 2.0  # of Tune's thread, when nobody waits for what it has to say
LOOK_S = 0.1
NODE_LABEL = "ray.io/node-id"  # that Ray itself gives every node


@dataclass(eq=False)
class BundleHandle:
    """A bundle on its way, the Tune trial that carries it, and its trials that have neither ended nor been dropped."""

    bundle: JobBundle
    numbers: set[int] = field(init=False)
    trial: Any = None  # None until Tune has taken the bundle
    is_worn_out: bool = False  # its worker is not to be kept
    avoid: frozenset[str] = frozenset()  # the ids of nodes that are not to train it
    gpus: float | None = None  # that its worker is to have, None for what all have at the start
    node: str = ""  # the id of that which trains it, "" until its worker has said so

    def __post_init__(self) -> None:
        self.numbers = set(self.bundle.numbers)

    @property
    def is_training(self) -> bool:
        """Whether its worker has started and takes steps."""
        return self.trial is not None and self.trial.status == "RUNNING"

    @property
    def actor(self) -> Any:
        """Its worker, None before that has started. Tune's own schedulers find it here too."""
        return None if self.trial is None else self.trial.temporary_state.ray_actor


@dataclass(frozen=True)
class StepEnded:
    """A worker has made a step."""

    handle: BundleHandle
    results: dict[int, TrialResult]


@dataclass(frozen=True)
class ActorDied:
    """A worker is gone; `words` are Ray's."""

    handle: BundleHandle
    words: str


class TuneThread:
    """`Tuner.fit`, with the loop's thread on the other side of `next`. It begins with the first bundle."""

    def __init__(self, placement: Placement, scratch: Path) -> None:
        self._placement, self._scratch = placement, scratch
        self._handover: Handover[StepEnded | ActorDied] = Handover()
        self._searcher = _Searcher()
        self._scheduler = _Scheduler(self._handover, self._searcher)
        self._error: BaseException | None = None
        self._abandoned: Abandoned | None = None
        self._thread = threading.Thread(target=self._run, name="ferray-tune", daemon=True)

    def submit(self, handle: BundleHandle) -> None:
        """Have Tune find a worker for a bundle."""
        self._searcher.waiting.append(handle)
        if self._thread.ident is None:
            self._thread.start()

    def withdraw(self, handle: BundleHandle) -> None:
        """Have Tune forget a bundle that waits, or whose worker does not start."""
        self._scheduler.withdrawn.append(handle)

    def next(self, within_s: float) -> StepEnded | ActorDied | None:
        """Let Tune go on after the message before, and wait so long for another; raises what has ended Tune."""
        message = self._handover.next(within_s)
        if message is None and self._error is not None:
            raise self._error
        return message

    def finish(self) -> None:
        """Let Tune end its workers, and wait until it has; raises what has ended it otherwise."""
        self._searcher.is_finished = True
        while self._thread.is_alive():
            self.next(LOOK_S)
        if self._error is not None:
            raise self._error

    def abandon(self) -> None:
        """Leave Tune as it is, for what happens on its thread may never end."""
        self._handover.abandon()
        if self._thread.is_alive():
            self._thread.join(END_WITHIN_S)

    def _run(self) -> None:
        try:
            self._tuner().fit()
        except Abandoned as error:
            self._abandoned = error  # keeps what hangs on its frames, whose deletion would call a head that may be gone
        except Exception as error:
            self._error = error

    def _tuner(self) -> tune.Tuner:
        return tune.Tuner(
            tune.with_resources(BundleTrainable, partial(_request, self._placement.resources)),
            tune_config=tune.TuneConfig(
                search_alg=self._searcher,
                scheduler=self._scheduler,
                num_samples=-1,  # the driver counts
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="sweep",
                storage_path=str(self._scratch),
                verbose=0,
                callbacks=[_Silence()],
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )


def _request(resources: dict[str, float], config: dict[str, Any]) -> tune.PlacementGroupFactory:
    """What Tune is to ask of Ray for a bundle. Bundles that avoid other nodes, or have other GPUs, share no worker."""
    if (gpus := config.get("gpus")) is not None:
        resources = {**resources, "GPU": gpus}
    if not config["avoid"]:
        return tune.PlacementGroupFactory([resources])
    selector = {NODE_LABEL: f"!in({','.join(config['avoid'])})"}
    return tune.PlacementGroupFactory([resources], bundle_label_selector=[selector])


class _Stateless:
    """Stays out of what Tune writes to disk for a restore that is not ours."""

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the store is the memory."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the store is the memory."""


class _Searcher(_Stateless, Searcher):  # type: ignore[misc]  # ray is untyped here
    """Hands out the bundles that wait, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[BundleHandle] = deque()
        self.handles: dict[str, BundleHandle] = {}  # by the id of the Tune trial
        self.is_finished = False

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        while self.waiting:
            handle = self.waiting.popleft()
            if handle.numbers:
                self.handles[trial_id] = handle
                asked = {"avoid": sorted(handle.avoid), "gpus": handle.gpus}
                return {"bundle": handle.bundle.to_text(), **asked}
        return str(self.FINISHED) if self.is_finished else None

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        self.handles.pop(trial_id, None)


class _Scheduler(_Stateless, FIFOScheduler):  # type: ignore[misc]
    """Hands over what workers say, and ends a Tune trial with the last trial of its bundle."""

    def __init__(self, handover: Handover[StepEnded | ActorDied], searcher: _Searcher) -> None:
        super().__init__()
        self.withdrawn: deque[BundleHandle] = deque()
        self._handover = handover
        self._searcher = searcher
        self._has_met_tune = False

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        if not self._has_met_tune:
            survive_ray_errors(tune_controller)
            self._has_met_tune = True
        self._searcher.handles[trial.trial_id].trial = trial

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """None, so that what waits starts in its order. Tune asks at each turn, which is when trials may be stopped."""
        self._handover.refuse_abandoned()
        while self.withdrawn:
            handle = self.withdrawn.popleft()
            if handle.trial is not None:
                tune_controller.stop_trial(handle.trial)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        del tune_controller
        handle = self._searcher.handles[trial.trial_id]
        handle.is_worn_out |= result["worn_out"]
        handle.node = result["node"]
        self._handover.pass_on(StepEnded(handle, decode_results(result["results"])))
        if handle.numbers:
            return str(TrialScheduler.CONTINUE)
        if not handle.is_worn_out:
            return str(TrialScheduler.STOP)
        handle.actor.retire.remote()  # before the step that Tune asks for now, which is the end of the worker
        return str(TrialScheduler.CONTINUE)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        del tune_controller
        handle = self._searcher.handles[trial.trial_id]
        if handle.numbers:
            self._handover.pass_on(ActorDied(handle, words_of(trial)))


class _Silence(TrialProgressCallback):  # type: ignore[misc]
    """In the place of Tune's own, which prints the empty result of a trial that is withdrawn."""

    def log_result(self, trial: Any, result: dict[str, Any], error: bool = False) -> None: ...

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None: ...
