"""`Watch`: looks around at the turns of Tune's loop."""

from __future__ import annotations

import time
from typing import Any

import ray
from ray import tune

from ferray.errors import ClusterError
from ferray.launch._capacity import Capacity, living_nodes
from ferray.launch._heartbeat import Heartbeat
from ferray.launch._shell import Shell
from ferray.launch._worker_errors import have_tune_survive
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.timeouts import Phase

LOOK_S = 5.0  # between two looks at the cluster


class Watch(Shell, tune.Callback):  # type: ignore[misc]  # ray is untyped here
    """Follows trials from waiting to training and kills the workers of those that hang; asks what nodes there are.

    Tune itself would wait for the nodes of a dead cluster for ever, and never use those that join.
    """

    def __init__(self, driver: SweepDriver, capacity: Capacity, heartbeat: Heartbeat, trouble: list[Exception]) -> None:
        super().__init__()
        self._heartbeat = heartbeat
        self._driver = driver
        self._capacity = capacity
        self._trouble = trouble
        self._looked = time.monotonic()
        self._killed: dict[int, str] = {}  # why, by trial
        self._controller: Any = None

    def meet(self, tune_controller: Any) -> None:
        """Hear which controller runs the loop; Tune hands out a new wrapper of it each time."""
        controller = getattr(tune_controller, "_tune_controller", tune_controller)
        if self._controller is not controller:
            self._controller = controller
            have_tune_survive(controller)

    def retire_next_actor(self) -> None:
        """Have Tune end the actor of the trial that stops in this turn of its loop instead of keeping it warm.

        There is no public way: a `reset_config` that returns False fails the next trial and stalls its slot.
        """
        self._controller._reuse_actors = False

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        if self._controller is not None:
            self._controller._reuse_actors = True
        with self._kept():
            self._driver.check_owner()
            self._refuse_gone_cluster()
            self._look_around()
            self._follow_trials()

    def why_killed(self, number: int) -> str:
        """What the trial hung in, where its worker was killed for that; "" otherwise."""
        return self._killed.get(number, "")

    def _refuse_gone_cluster(self) -> None:
        try:
            self._heartbeat.refuse_gone()
        except ClusterError:
            self._driver.interrupt()
            if self._controller is not None:
                self._controller.cleanup = lambda: None  # calls to a dead head would never end
            raise

    def _look_around(self) -> None:
        if time.monotonic() - self._looked < LOOK_S or not self._heartbeat.answers():
            return
        self._looked = time.monotonic()
        nodes = living_nodes()
        if self._driver.runtime.address is not None:
            self._capacity.look(nodes)
            self._capacity.say_what_is_waited_for(ray.available_resources())
        elif not nodes:
            raise ClusterError("Ray has died on this machine", "run the same command again to go on")

    def _follow_trials(self) -> None:
        if self._controller is None:
            return
        running = [trial for trial in self._controller._live_trials if self._driver.is_running(_number(trial))]
        for trial in running:
            phase = self._phase_of(trial)
            self._driver.timeouts.enter(_number(trial), phase)
            if phase is Phase.WAITS and self._driver.is_winding_up:
                self._driver.withdraw(_number(trial))
                self._controller._schedule_trial_stop(trial)  # `stop_trial` prints an empty result
                self._controller._live_trials.discard(trial)
        overdue = self._driver.timeouts.overdue()
        for trial in running:
            number = _number(trial)
            if number in overdue and number not in self._killed:
                self._killed[number] = overdue[number]
                ray.kill(self._handle_of(trial))

    def _phase_of(self, trial: Any) -> Phase:
        """Tune creates an actor when its resources are there, and calls a trial running when that can step."""
        if trial.status == "RUNNING":
            return Phase.TRAINS
        return Phase.STARTS if self._handle_of(trial) is not None else Phase.WAITS

    def _handle_of(self, trial: Any) -> Any:
        tracked = self._controller._trial_to_actor.get(trial)
        handle, _ = self._controller._actor_manager._live_actors_to_ray_actors_resources.get(tracked, (None, None))
        return handle


def _number(trial: Any) -> int:
    number: int = trial.config["job"]["number"]
    return number
