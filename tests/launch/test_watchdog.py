"""What is seen at the turns of Tune's loop, of trials and of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.events import Listener
from ferray.launch._capacity import Capacity
from ferray.launch._heartbeat import Heartbeat
from ferray.launch._watchdog import LOOK_S, Watch
from ferray.study.history import load_sweep
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.placement import Placement
from ferray.sweeps.timeouts import START_LIMIT_S
from ferray.testing.curves import open_driver, small_spec

TIMEOUT_S = 60.0


@dataclass
class Notes(Listener):
    """Keeps what the user is told."""

    lines: list[str] = field(default_factory=list)

    def noted(self, line: str) -> None:
        self.lines.append(line)


@dataclass(eq=False)
class TuneTrial:
    """A trial as Tune has it, before its first step."""

    config: dict[str, Any]
    status: str = "PENDING"


class Loop:
    """One turn of Tune's loop after another, over trials whose workers wait, start or step; kills are kept."""

    def __init__(self, driver: SweepDriver, notes: Notes) -> None:
        self.driver = driver
        self.notes = notes
        self.time = 0.0
        self.trials: set[TuneTrial] = set()
        self.workers: dict[TuneTrial, tuple[TuneTrial, None]] = {}
        self.stopped: list[TuneTrial] = []
        self.killed: list[TuneTrial] = []
        self.nodes: list[dict[str, Any]] = [{"Alive": True, "Resources": {"CPU": 2.0}}]
        self.capacity = Capacity(driver, Placement(1, 0.0, 2))
        self.head_answers = True
        error = ClusterError("the cluster is gone", "run the same command again")
        self.heartbeat = Heartbeat(lambda: self.head_answers, error, gone_s=30.0, now=lambda: self.time)
        self.watch = Watch(driver, self.capacity, self.heartbeat, [])
        driver.clock = lambda: self.time
        self.watch.meet(
            SimpleNamespace(
                _actor_manager=SimpleNamespace(
                    _live_actors_to_ray_actors_resources=self.workers, _actor_task_failed=None
                ),
                _trial_to_actor={},
                _live_trials=self.trials,
                _schedule_trial_stop=self.stopped.append,
            )
        )

    def ask(self) -> TuneTrial:
        """A trial that waits for its resources."""
        job = self.driver.next_job()
        assert job is not None
        trial = TuneTrial({"job": {"number": job.number}})
        self.trials.add(trial)
        self.watch._controller._trial_to_actor[trial] = trial
        return trial

    def starting(self) -> TuneTrial:
        """A trial whose worker starts."""
        trial = self.ask()
        self.workers[trial] = (trial, None)
        return trial

    def turn(self, *, after: float) -> None:
        """Turns of the loop, so near to one another that the driver is not taken for one that was stopped."""
        end, self.time = self.time + after, self.time - LOOK_S
        while self.time < end:
            self.time = min(self.time + LOOK_S, end)
            self.heartbeat.beat()
            self.watch._looked = float("-inf")
            self.watch.on_step_begin(0, [])


def loop_of(folder: Path, monkeypatch: pytest.MonkeyPatch, **runtime: Any) -> Loop:
    notes = Notes()
    driver = open_driver(folder / "curves", small_spec(), notes)
    driver.runtime = Runtime(**runtime)
    driver.timeouts.timeout_s = TIMEOUT_S
    loop = Loop(driver, notes)
    driver.start(slots=2)
    monkeypatch.setattr(ray, "kill", loop.killed.append)
    monkeypatch.setattr(ray, "nodes", lambda: loop.nodes)
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 1.0})
    return loop


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    """Of a cluster of others, with two slots."""
    made = loop_of(tmp_path, monkeypatch, address="10.0.0.1:6379")
    yield made
    made.driver.interrupt()


def test_trial_that_waits_for_its_cpu_is_not_killed(loop: Loop) -> None:
    loop.ask()
    loop.turn(after=0)
    loop.turn(after=100 * TIMEOUT_S)
    assert loop.killed == []


def test_time_out_runs_from_the_first_step(loop: Loop) -> None:
    trial = loop.starting()
    loop.turn(after=0)
    loop.turn(after=TIMEOUT_S + 1)
    assert loop.killed == []
    trial.status = "RUNNING"
    loop.turn(after=0)
    loop.turn(after=TIMEOUT_S + 1)
    assert loop.killed == [trial]
    assert loop.watch.why_killed(0) == "no word for 60 s"


def test_worker_that_does_not_start_is_killed_once(loop: Loop) -> None:
    trial = loop.starting()
    loop.turn(after=0)
    loop.turn(after=START_LIMIT_S + 1)
    loop.turn(after=1)
    assert loop.killed == [trial]
    assert loop.watch.why_killed(0) == "its worker did not start within 600 s"


def test_sweep_that_waits_says_once_for_what(loop: Loop) -> None:
    loop.ask()
    loop.turn(after=0)
    loop.turn(after=20)
    loop.turn(after=20)
    assert [line for line in loop.notes.lines if "waiting" in line] == [
        "waiting for 1 core on one node: the whole cluster has 1 CPUs and 0 GPUs free"
    ]


def test_node_that_joins_is_used(loop: Loop) -> None:
    loop.ask()
    loop.ask()
    assert not loop.capacity.has_room
    loop.nodes.append({"Alive": True, "Resources": {"CPU": 4.0}})
    loop.turn(after=0)
    assert loop.capacity.has_room
    assert loop.notes.lines == ["the cluster has changed: 6 trials at a time, 1 core each"]


def test_one_trial_waits_for_a_cluster_without_nodes(loop: Loop) -> None:
    loop.nodes.clear()
    loop.turn(after=0)
    assert loop.capacity.place.slots == 1


def test_trial_that_waits_ends_with_the_time_budget(loop: Loop) -> None:
    trial = loop.ask()
    loop.driver.spec = small_spec(budget={"trials": 20, "time_s": 5})
    loop.turn(after=10)
    assert loop.stopped == [trial]
    assert load_sweep(loop.driver.folder).trials[0].outcome == "interrupted"


def test_dead_cluster_of_our_own_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = loop_of(tmp_path, monkeypatch)
    loop.nodes.clear()
    with pytest.raises(ClusterError, match="Ray has died"):
        loop.turn(after=0)


def test_cluster_that_goes_away_ends_the_sweep_with_its_trials_interrupted(loop: Loop) -> None:
    loop.starting()
    loop.turn(after=0)
    loop.head_answers = False
    with pytest.raises(ClusterError, match="is gone"):
        loop.turn(after=31)
    assert loop.driver.num_running == 0


def test_link_that_is_cut_for_a_moment_ends_nothing(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: pytest.fail("a call to a head that is gone does not come back"))
    loop.head_answers = False
    loop.turn(after=29)
    loop.head_answers = True
    loop.watch._heartbeat.beat()
    loop.watch._refuse_gone_cluster()
