"""What the loop sees at its turns of trials on Ray, and of the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.events import Save
from ferray.launch import _nodes
from ferray.launch import ray as launcher
from ferray.launch._autoscaler import Autoscaler
from ferray.launch._capacity import Capacity
from ferray.launch._heartbeat import Heartbeat
from ferray.launch._phases import LOOK_S as PHASES_SEEN_S
from ferray.launch._phases import Phases
from ferray.launch._tune import ActorDied, BundleHandle, StepEnded
from ferray.launch.ray import LOOK_S, NODE_SEEN_S, Ray
from ferray.study.history import load_sweep
from ferray.sweeps.launcher import NotSaved
from ferray.sweeps.loop import SweepLoop, run_trials
from ferray.sweeps.placement import Placement
from ferray.sweeps.timeouts import START_LIMIT_S
from ferray.testing.curves import curve_report, open_driver, saturating, small_spec
from ferray.testing.notes import Notes

TIMEOUT_S = 60.0


class Tune:
    """Takes bundles and starts no worker for them; what it is told to say comes one at a time."""

    def __init__(self) -> None:
        self.waiting = 0  # workers without their resources
        self.handles: list[BundleHandle] = []
        self.withdrawn: list[BundleHandle] = []
        self.says: list[ActorDied | StepEnded] = []

    def submit(self, handle: BundleHandle) -> None:
        handle.trial = SimpleNamespace(status="PENDING", temporary_state=SimpleNamespace(ray_actor=None))
        self.handles.append(handle)

    def withdraw(self, handle: BundleHandle) -> None:
        self.withdrawn.append(handle)
        self.waiting = max(0, self.waiting - 1)

    def next(self, within_s: float) -> ActorDied | StepEnded | None:
        return self.says.pop(0) if self.says else None


class Saves:
    """Checkpoints none of which can be written, for the reason that the worker answers with."""

    def __init__(self) -> None:
        self.unsaved: list[NotSaved] = []

    def expect(self, number: int, answer: str) -> None:
        self.unsaved.append(NotSaved(number, answer))

    def wait(self) -> list[NotSaved]:
        return self.unsaved


class OnFakeTune(Ray):
    """Ray's launcher over a cluster that is told what it has."""

    @contextmanager
    def opened(self, tell: Callable[[str], None]) -> Iterator[None]:
        yield


class Loop:
    """One turn of the loop after another, over trials whose workers wait, start or step; kills are kept."""

    def __init__(self, folder: Path, trials: int, **runtime: Any) -> None:
        self.notes = Notes()
        self.driver = open_driver(folder / "curves", small_spec(budget={"trials": trials}), self.notes)
        self.driver.runtime = Runtime(**runtime)
        self.driver.timeouts.timeout_s = TIMEOUT_S
        self.driver.clock = lambda: self.time
        self.time = 0.0
        self.killed: list[str] = []
        self.nodes: list[dict[str, Any]] = [{"Alive": True, "Resources": {"CPU": 2.0}}]
        self.autoscaler: Autoscaler | None = None
        self.demanded: list[int] = []
        self.draining: dict[str, int] = {}
        self.head_answers = True
        self.tune = Tune()
        self.launcher: Any = OnFakeTune(self.driver.runtime)
        error = ClusterError("the cluster is gone", "run the same command again")
        self.launcher._heartbeat = Heartbeat(lambda: self.head_answers, error, gone_s=30.0, now=lambda: self.time)
        self.launcher._capacity = Capacity(self.driver.runtime, Placement(1, 0.0, 2))
        self.launcher._demand = SimpleNamespace(ask=self.demanded.append)
        self.launcher._phases = Phases(lambda: self.tune.waiting, now=lambda: self.time)
        self.launcher._tune = self.tune
        self.launcher._files = SimpleNamespace(offer=lambda bundle: bundle)
        self.loop = SweepLoop(self.driver, self.launcher)
        self.driver.start(slots=2)

    def turn(self, *, after: float = 0.0) -> None:
        """Turns of the loop, so near to one another that the driver is not taken for one that was stopped."""
        end, self.time = self.time + after, self.time - LOOK_S
        while self.time < end:
            self.time = min(self.time + LOOK_S, end)
            self.launcher._heartbeat.beat()
            self.launcher._looked = float("-inf")
            self.loop.turn()

    def begin(self, number: int = 0) -> BundleHandle:
        """The worker of a trial has started and takes a step."""
        handle = self.tune.handles[number]
        handle.trial.status = "RUNNING"
        handle.trial.temporary_state.ray_actor = f"worker of {number}"
        return handle


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Loop]]:
    """Makes a loop over a cluster of two cores."""
    loops: list[Loop] = []

    def make(trials: int = 1, **runtime: Any) -> Loop:
        loop = Loop(tmp_path, trials, **runtime)
        loops.append(loop)
        monkeypatch.setattr(ray, "kill", loop.killed.append)
        monkeypatch.setattr(ray, "nodes", lambda: loop.nodes)
        monkeypatch.setattr(launcher, "autoscaler_now", lambda: loop.autoscaler)
        monkeypatch.setattr(_nodes, "state", SimpleNamespace(get_draining_nodes=lambda: loop.draining))
        monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 1.0})
        return loop

    yield make
    for loop in loops:
        loop.driver.interrupt()


@pytest.fixture
def loop(made: Callable[..., Loop]) -> Loop:
    """Of a cluster of others, and one trial."""
    return made(address="10.0.0.1:6379")


def test_trial_that_waits_for_its_cpu_is_not_killed(loop: Loop) -> None:
    loop.tune.waiting = 1
    loop.turn()
    loop.turn(after=100 * TIMEOUT_S)
    assert loop.killed == loop.tune.withdrawn == []


def test_time_out_runs_from_the_first_step(loop: Loop) -> None:
    loop.turn()
    loop.turn(after=TIMEOUT_S + 1)
    assert loop.killed == []
    handle = loop.begin()
    loop.turn()
    loop.turn(after=TIMEOUT_S + 1)
    assert loop.killed == ["worker of 0"]
    loop.tune.says.append(ActorDied(handle, "killed"))
    loop.turn()
    assert load_sweep(loop.driver.folder).trials[0].message == "no word for 60 s"


def test_worker_that_hangs_is_killed_once(loop: Loop) -> None:
    loop.turn()
    loop.begin()
    loop.turn()
    loop.turn(after=3 * TIMEOUT_S)
    assert loop.killed == ["worker of 0"]


def test_worker_that_does_not_start_is_killed_once(loop: Loop) -> None:
    loop.turn()
    loop.turn(after=START_LIMIT_S + 1)
    loop.turn(after=1)
    assert loop.tune.withdrawn == loop.tune.handles[:1]
    assert load_sweep(loop.driver.folder).trials[0].message == "its worker did not start within 600 s"


def test_sweep_that_waits_says_once_for_what(loop: Loop) -> None:
    loop.tune.waiting = 1
    loop.turn()
    loop.turn(after=20)
    loop.turn(after=20)
    assert [line for line in loop.notes.lines if "waiting" in line] == [
        "waiting for 1 core on one node: the whole cluster has 1 CPUs and 0 GPUs free"
    ]


def test_sweep_that_waits_says_what_the_autoscaler_does_as_often_as_that_changes(loop: Loop) -> None:
    loop.tune.waiting = 1
    loop.turn()
    loop.autoscaler = Autoscaler(starting=(("gpu", 1),))
    loop.turn(after=20)
    loop.turn(after=20)
    loop.autoscaler = Autoscaler(failed=("`gpu`: no capacity",))
    loop.turn(after=20)
    assert [line.partition("; ")[2] for line in loop.notes.lines if "waiting" in line] == [
        "the autoscaler: it starts 1 of type `gpu`",
        "the autoscaler: it could not start `gpu`: no capacity",
    ]


def test_autoscaler_is_asked_for_what_would_be_of_use(made: Callable[..., Loop]) -> None:
    loop = made(trials=20, address="10.0.0.1:6379", max_concurrent=8)
    loop.autoscaler = Autoscaler()
    loop.turn()
    loop.turn()
    assert loop.demanded[-1] == 6  # of twenty eight at a time, of which two run


def test_cluster_without_nodes_is_told_what_is_asked_for(loop: Loop) -> None:
    loop.nodes.clear()
    loop.turn()
    said = loop.launcher._what_it_takes()
    assert (
        said == "no node has room for a trial yet, 1 core is asked for (`--gpus-per-trial 1` asks for a GPU as well); "
    )


def test_cluster_with_nodes_says_how_many_trials_it_takes(loop: Loop) -> None:
    loop.turn()
    assert loop.launcher._what_it_takes() == "the cluster takes 2 trials at a time, 1 core each; "


def test_nothing_is_asked_where_nobody_starts_nodes(made: Callable[..., Loop]) -> None:
    loop = made(trials=20, address="10.0.0.1:6379")
    loop.turn()
    loop.turn()
    assert set(loop.demanded) == {0}


def test_node_that_joins_is_used(made: Callable[..., Loop]) -> None:
    loop = made(trials=20, address="10.0.0.1:6379")
    loop.turn()
    assert not loop.loop.has_room
    assert len(loop.tune.handles) == 2
    loop.nodes.append({"Alive": True, "Resources": {"CPU": 4.0}})
    loop.turn()
    assert len(loop.tune.handles) == 6
    assert loop.notes.lines == ["the cluster has changed: 6 trials at a time, 1 core each"]


def test_larger_cluster_may_lose_more_workers_at_once(made: Callable[..., Loop]) -> None:
    loop = made(trials=20, address="10.0.0.1:6379")
    loop.turn()
    loop.nodes.append({"Alive": True, "Resources": {"CPU": 4.0}})
    loop.turn()
    assert loop.driver.failures.most_losses == 18  # three for each of six slots


def test_one_trial_waits_for_a_cluster_without_nodes(loop: Loop) -> None:
    loop.nodes.clear()
    loop.turn()
    assert loop.launcher.capacity().slots == 1


def test_trial_that_waits_ends_with_the_time_budget(loop: Loop) -> None:
    loop.tune.waiting = 1
    loop.turn()
    loop.driver.spec = small_spec(budget={"trials": 1, "time_s": 5})
    loop.turn(after=10)
    assert loop.tune.withdrawn == loop.tune.handles
    assert load_sweep(loop.driver.folder).trials[0].outcome == "waiting"


def test_trial_that_starts_is_not_withdrawn_with_the_time_budget(loop: Loop) -> None:
    loop.turn()
    loop.driver.spec = small_spec(budget={"trials": 1, "time_s": 5})
    loop.turn(after=10)
    assert loop.tune.withdrawn == []


def test_first_to_come_get_the_resources(made: Callable[..., Loop]) -> None:
    loop = made(trials=2, address="10.0.0.1:6379")
    loop.tune.waiting = 1
    loop.turn(after=2 * PHASES_SEEN_S)
    loop.driver.spec = small_spec(budget={"trials": 2, "time_s": 1})
    loop.turn(after=2 * PHASES_SEEN_S)
    assert loop.tune.withdrawn == loop.tune.handles[1:]


def test_head_is_asked_once_a_second_at_most_who_waits(loop: Loop) -> None:
    asked: list[float] = []
    loop.launcher._phases = Phases(lambda: asked.append(loop.time), now=lambda: loop.time)
    loop.turn()
    loop.turn(after=PHASES_SEEN_S / 2)
    assert asked == [0.0]


def test_trial_that_starts_does_not_wait_again_when_another_is_withdrawn(made: Callable[..., Loop]) -> None:
    loop = made(trials=2, address="10.0.0.1:6379")
    loop.tune.waiting = 1
    loop.turn()
    loop.time += PHASES_SEEN_S
    loop.launcher.drop(1, save=Save.NOTHING)
    loop.tune.waiting = 1  # its placement group, for a moment without it
    assert loop.launcher.poll() == []


def test_what_a_worker_says_of_a_trial_that_was_dropped_is_not_heard(loop: Loop) -> None:
    loop.turn()
    handle = loop.begin()
    loop.turn()
    loop.launcher.drop(0, save=Save.NOTHING)
    report = curve_report(handle.bundle.jobs[0].trial_config(), 1, saturating)
    loop.tune.says.append(StepEnded(handle, {0: report}))
    assert loop.launcher.poll() == []


def test_record_says_on_which_node_a_trial_was_trained(loop: Loop) -> None:
    loop.nodes[0] |= {"NodeID": "a1", "NodeManagerHostname": "gpu-3"}
    loop.turn()
    handle = loop.begin()
    handle.node = "a1"
    last = curve_report(handle.bundle.jobs[0].trial_config(), 4, saturating)
    loop.tune.says.append(StepEnded(handle, {0: last}))
    loop.turn()
    trial = load_sweep(loop.driver.folder).trials[0]
    assert (trial.host, trial.node) == ("gpu-3", "a1")


def test_node_of_a_worker_that_never_began_is_found_by_its_end(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = "0" * 32
    monkeypatch.setattr(_nodes, "actors", {actor: {"Address": {"NodeID": "b2"}}}.get)
    loop.nodes.append({"Alive": True, "NodeID": "b2", "NodeManagerHostname": "gpu-4", "Resources": {}})
    loop.turn()
    loop.tune.says.append(
        ActorDied(loop.tune.handles[0], f"error raised in its creation task (pid=37, actor_id={actor}, repr=x)")
    )
    loop.turn()
    assert load_sweep(loop.driver.folder).trials[0].host == "gpu-4"


def with_nodes(loop: Loop, *ids: str) -> None:
    """The cluster has these nodes, each of one core."""
    loop.nodes[:] = [
        {"Alive": True, "NodeID": name, "NodeManagerHostname": f"gpu-{name}", "Resources": {"CPU": 1.0}} for name in ids
    ]


def report_of(handle: BundleHandle, epoch: int) -> StepEnded:
    """The worker of a bundle of one tells of an epoch."""
    (job,) = handle.bundle.jobs
    return StepEnded(handle, {job.number: curve_report(job.trial_config(), epoch, saturating)})


def test_trial_whose_node_is_to_go_saves_and_is_asked_again_without_blame(made: Callable[..., Loop]) -> None:
    loop = made(address="10.0.0.1:6379")
    saved: list[tuple[int, str]] = []
    with_nodes(loop, "a1", "b2")
    loop.turn()
    handle = loop.begin()
    handle.node = "a1"
    handle.trial.temporary_state.ray_actor = SimpleNamespace(
        drop=SimpleNamespace(remote=lambda *given: saved.append(given))
    )
    loop.launcher._saves = Saves()
    loop.draining = {"a1": 0}
    loop.tune.says.append(report_of(handle, 1))
    loop.turn()
    first = load_sweep(loop.driver.folder).trials[0]
    assert saved == [(0, "last")]
    assert (first.outcome, first.message, first.host) == ("interrupted", "node `gpu-a1` () is to go", "gpu-a1")
    assert handle.is_worn_out
    loop.turn()
    assert loop.driver.study.num_retries(1) == 0


def test_trial_of_a_lost_node_is_asked_again_without_blame(made: Callable[..., Loop]) -> None:
    loop = made(address="10.0.0.1:6379")
    with_nodes(loop, "a1", "b2")
    loop.turn()
    loop.tune.says.append(ActorDied(loop.begin(), "The actor died because its node has died."))
    loop.turn()
    loop.turn()
    first, again = load_sweep(loop.driver.folder).trials
    assert (first.outcome, first.reason) == ("interrupted", "node lost")
    assert loop.driver.study.num_retries(again.number) == 0
    assert first.superseded_by == again.number


def test_worker_that_ends_just_before_its_node_is_gone_was_lost_with_it(made: Callable[..., Loop]) -> None:
    loop = made(address="10.0.0.1:6379")
    with_nodes(loop, "a1", "b2")
    loop.turn()
    handle = loop.begin()
    handle.node = "a1"
    loop.tune.says.append(ActorDied(handle, "The actor died unexpectedly before finishing this task."))
    loop.turn()
    assert load_sweep(loop.driver.folder).trials[0].outcome == "running"
    with_nodes(loop, "b2")
    loop.turn()
    first = load_sweep(loop.driver.folder).trials[0]
    assert (first.outcome, first.reason, first.message) == ("interrupted", "node lost", "its node was lost")


def test_worker_that_ends_on_a_node_that_stays_was_lost_by_itself(
    made: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = made(address="10.0.0.1:6379")
    with_nodes(loop, "a1", "b2")
    loop.turn()
    handle = loop.begin()
    handle.node = "a1"
    loop.tune.says.append(ActorDied(handle, "The actor died unexpectedly before finishing this task."))
    loop.turn()
    later = time.monotonic() + NODE_SEEN_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    loop.turn()
    loop.turn()
    assert load_sweep(loop.driver.folder).trials[0].reason == "worker lost"
    assert loop.driver.study.num_retries(1) == 1


def test_node_on_which_no_worker_starts_is_avoided_and_costs_no_retry(made: Callable[..., Loop]) -> None:
    loop = made(trials=2, address="10.0.0.1:6379")
    with_nodes(loop, "a1", "b2")
    loop.turn()
    loop.begin(1)
    words = f"error raised in its creation task, Node Id: {'a1' * 28}\nModuleNotFoundError: No module named 'ferray'"
    with_nodes(loop, "a1" * 28, "b2")
    loop.turn()
    loop.tune.says.append(ActorDied(loop.tune.handles[0], words))
    loop.turn()
    loop.turn()
    assert [trial.outcome for trial in load_sweep(loop.driver.folder).trials[:2]] == ["interrupted", "running"]
    assert loop.loop.placement.slots == 1


def test_node_that_loses_worker_after_worker_while_another_trains_is_given_no_more(made: Callable[..., Loop]) -> None:
    loop = made(trials=9, address="10.0.0.1:6379")
    with_nodes(loop, "a1", "b2")
    loop.nodes[0]["Resources"] = {"CPU": 3.0}
    loop.turn()
    loop.turn()
    handles = [loop.begin(number) for number in range(4)]
    for handle, node in zip(handles, ("a1", "a1", "a1", "b2"), strict=True):
        handle.node = node
    words = "error raised in its creation task\nRuntimeError: the device is gone"
    loop.tune.says = [report_of(handles[3], 1), *(ActorDied(handle, words) for handle in handles[:3])]
    loop.tune.says.append(report_of(handles[3], 2))
    loop.turn(after=6 * LOOK_S)
    assert loop.loop.placement.slots == 1
    assert loop.launcher._roster.avoided == {"a1"}


def test_bundle_that_waits_is_asked_for_beside_a_node_that_is_left_out(loop: Loop) -> None:
    with_nodes(loop, "a1", "b2")
    loop.turn()
    loop.launcher._roster.leave_out("a1", "its Ray is another")
    loop.turn()
    former, again = loop.tune.handles
    assert loop.tune.withdrawn == [former]
    assert (again.avoid, again.numbers, again.bundle) == ({"a1"}, {0}, former.bundle)


def test_trial_that_trains_on_a_node_that_is_left_out_is_ended_there(loop: Loop) -> None:
    with_nodes(loop, "a1", "b2")
    loop.turn()
    loop.begin().node = "a1"
    loop.launcher._roster.leave_out("a1", "its Ray is another")
    loop.turn()
    assert loop.killed == ["worker of 0"]


def test_checkpoint_of_a_trial_that_was_dropped_is_waited_for_at_the_end(loop: Loop) -> None:
    loop.launcher._saves = Saves()
    loop.turn()
    drop = SimpleNamespace(remote=lambda *_: "the disk is full")
    loop.begin().trial.temporary_state.ray_actor = SimpleNamespace(drop=drop)
    loop.launcher.drop(0, save=Save.LAST)
    assert loop.launcher.stop() == [NotSaved(0, "the disk is full")]


def test_trial_on_a_cluster_without_gpus_is_kept_from_seeing_any(loop: Loop) -> None:
    loop.turn()
    assert [job.device for job in loop.tune.handles[0].bundle.jobs] == ["cpu"]
    assert loop.driver.runtime.device == "auto"


def test_dead_cluster_of_our_own_ends_the_sweep(made: Callable[..., Loop]) -> None:
    loop = made()
    loop.nodes.clear()
    with pytest.raises(ClusterError, match="Ray has died"):
        loop.turn()


def test_cluster_that_goes_away_ends_the_sweep_with_its_trials_interrupted(loop: Loop) -> None:
    loop.turn()
    assert loop.driver.study.num_running == 1
    loop.head_answers, loop.time = False, 31.0
    with pytest.raises(ClusterError, match="is gone"):
        run_trials(loop.driver, loop.launcher)
    assert loop.driver.study.num_running == 0


def test_link_that_is_cut_for_a_moment_ends_nothing(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: pytest.fail("a call to a head that is gone does not come back"))
    loop.head_answers = False
    loop.turn(after=29)
    loop.head_answers = True
    loop.launcher._heartbeat.beat()
    loop.launcher._heartbeat.refuse_gone()
