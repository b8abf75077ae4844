"""What Tune is ended: its searcher and scheduler over bundles, without a cluster."""

from __future__ import annotations

import ast
import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.air.execution._internal import RayActorManager
from ray.tune import PlacementGroupFactory
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

import ferray.launch
from ferray.config.job import JobBundle, TrialJob
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport
from ferray.launch._trainable import BundleTrainable, WornOut, decode_results, encode_results
from ferray.launch._tune import ActorDied, BundleHandle, StepEnded, _request, _Scheduler, _Searcher
from ferray.testing.curves import curve_report, saturating

LAUNCH = Path(ferray.launch.__file__).parent
TOUCHES_TUNE = "_worker_errors.py"


def report() -> EpochReport:
    return curve_report(TrialConfig.model_validate({"dataset": "demo", "epochs": 4}), 1, saturating)


def bundle(*numbers: int) -> JobBundle:
    return JobBundle(tuple(TrialJob(number=number, config={}, folder="x") for number in numbers))


class Loop:
    """The loop's side of the handover: answers at once by `answer`."""

    def __init__(self, answer: Callable[[StepEnded | ActorDied], object] = lambda _: None) -> None:
        self.answer = answer
        self.heard: list[StepEnded | ActorDied] = []

    def pass_on(self, message: StepEnded | ActorDied) -> None:
        self.heard.append(message)
        self.answer(message)

    def refuse_abandoned(self) -> None:
        """Somebody is there."""


class Actor:
    """A worker's handle: keeps the names of what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return SimpleNamespace(remote=lambda *_: self.asked.append(name))


class Played:
    """A searcher and a scheduler with one Tune trial for a bundle."""

    def __init__(self, answer: Callable[[StepEnded | ActorDied], object] = lambda _: None, *numbers: int) -> None:
        self.handle = BundleHandle(bundle(*(numbers or (7,))))
        self.loop: Any = Loop(answer)
        self.searcher = _Searcher()
        self.searcher.waiting.append(self.handle)
        self.scheduler = _Scheduler(self.loop, self.searcher)
        self.actor = Actor()
        self.config: Any = self.searcher.suggest("t1")
        state = SimpleNamespace(ray_actor=self.actor)
        self.trial: Any = SimpleNamespace(trial_id="t1", status="RUNNING", temporary_state=state, error_file=None)
        manager = SimpleNamespace(_actor_task_failed=None)
        self.scheduler.on_trial_add(SimpleNamespace(_actor_manager=manager), self.trial)

    def result(self, *, worn_out: bool = False) -> str:
        text = encode_results({number: report() for number in self.handle.numbers})
        return self.scheduler.on_trial_result(None, self.trial, {"results": text, "worn_out": worn_out, "node": "a1"})


def end_all(message: StepEnded | ActorDied) -> None:
    message.handle.numbers.clear()


def test_bundle_reaches_the_worker_whole() -> None:
    played = Played(lambda _: None, 3, 4)
    assert JobBundle.from_text(played.config["bundle"]) == bundle(3, 4)


def test_results_survive_their_way_as_text() -> None:
    assert decode_results(encode_results({7: report()})) == {7: report()}


def test_searcher_waits_while_nothing_is_started_and_ends_when_told() -> None:
    searcher = _Searcher()
    assert searcher.suggest("t1") is None
    searcher.is_finished = True
    assert searcher.suggest("t1") == Searcher.FINISHED


def test_bundle_that_was_withdrawn_before_tune_took_it_is_passed_over() -> None:
    searcher, gone, next_one = _Searcher(), BundleHandle(bundle(1)), BundleHandle(bundle(2))
    gone.numbers.clear()
    searcher.waiting.extend([gone, next_one])
    searcher.suggest("t1")
    assert searcher.handles == {"t1": next_one}


def test_bundle_goes_on_while_one_of_its_trials_does() -> None:
    played = Played(lambda ended: ended.handle.numbers.discard(3), 3, 4)
    assert played.result() == TrialScheduler.CONTINUE


def test_tune_trial_ends_with_the_last_trial_of_its_bundle() -> None:
    played = Played(end_all)
    assert played.result() == TrialScheduler.STOP
    assert played.actor.asked == []


def test_worn_out_worker_is_retired_when_its_bundle_ends() -> None:
    played = Played(end_all)
    assert played.result(worn_out=True) == TrialScheduler.CONTINUE  # to the step that ends it
    assert played.actor.asked == ["retire"]


def test_worker_that_was_worn_out_before_the_end_of_its_bundle_is_retired_then() -> None:
    played = Played()
    assert played.result(worn_out=True) == TrialScheduler.CONTINUE
    assert played.actor.asked == []
    played.loop.answer = end_all
    played.result()
    assert played.actor.asked == ["retire"]


def test_retired_worker_ends_with_its_next_step() -> None:
    actor = BundleTrainable.__new__(BundleTrainable)
    actor.retire()
    with pytest.raises(WornOut):
        actor.step()


def test_end_of_a_retired_worker_is_nobodys_loss() -> None:
    played = Played(end_all)
    played.result(worn_out=True)
    played.scheduler.on_trial_error(None, played.trial)
    assert [type(message) for message in played.loop.heard] == [StepEnded]


def test_end_of_a_worker_with_trials_is_their_loss() -> None:
    played = Played()
    played.scheduler.on_trial_error(None, played.trial)
    assert played.loop.heard == [ActorDied(played.handle, "")]


def test_withdrawn_bundle_is_stopped_at_the_next_turn() -> None:
    stopped: list[Any] = []
    played = Played()
    played.scheduler.withdrawn.append(played.handle)
    played.scheduler.choose_trial_to_run(SimpleNamespace(stop_trial=stopped.append))
    assert stopped == [played.trial]


def test_withdrawn_bundle_that_tune_has_not_taken_is_nothing_to_stop() -> None:
    played = Played()
    played.scheduler.withdrawn.append(BundleHandle(played.handle.bundle))
    played.scheduler.choose_trial_to_run(SimpleNamespace(stop_trial=lambda _: pytest.fail("stopped")))


def test_bundle_knows_the_node_that_trains_it() -> None:
    played = Played()
    assert played.handle.node == ""
    played.result()
    assert played.handle.node == "a1"


def test_worker_is_asked_for_beside_the_nodes_to_avoid() -> None:
    selector = [{"ray.io/node-id": "!in(a1,b2)"}]
    asked = _request({"CPU": 2.0}, {"avoid": ["a1", "b2"]})
    assert asked == PlacementGroupFactory([{"CPU": 2.0}], bundle_label_selector=selector)


def test_worker_is_asked_for_with_the_part_of_a_gpu_that_its_trials_need() -> None:
    asked = _request({"CPU": 2.0, "GPU": 0.25}, {"avoid": [], "gpus": 0.5})
    assert asked == PlacementGroupFactory([{"CPU": 2.0, "GPU": 0.5}])


def test_worker_that_avoids_nothing_may_live_on_every_node() -> None:
    assert _request({"CPU": 2.0}, {"avoid": []}) == PlacementGroupFactory([{"CPU": 2.0}])


def test_nothing_of_ours_is_written_into_tunes_files() -> None:
    played = Played()
    assert played.scheduler.__getstate__() == played.searcher.__getstate__() == {}
    assert json.dumps(played.config)


def private_attributes(path: Path) -> list[str]:
    """`x._name` of anything but `self` and `cls`, in code and in what getattr is asked for."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                found.append(f"{path.name}: {ast.unparse(node)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("_tune_"):
            found.append(f"{path.name}: {node.value}")
    return found


def test_nothing_but_the_survival_of_errors_reaches_into_tune() -> None:
    files = [path for path in LAUNCH.glob("*.py") if path.name != TOUCHES_TUNE]
    assert {line for path in files for line in private_attributes(path)} == {"_heartbeat.py: os._exit"}


def test_what_is_reached_into_is_there() -> None:
    assert callable(RayActorManager._actor_task_failed)


@pytest.fixture
def actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BundleTrainable:
    """A worker with its first bundle, in this process."""

    def no_actor(name: str) -> None:
        raise ValueError(name)

    monkeypatch.setattr(ray, "get_actor", no_actor)
    monkeypatch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(get_job_id=str, get_node_id=str))
    gc.unfreeze()
    actor = BundleTrainable.__new__(BundleTrainable)
    actor.setup({"bundle": bundle_in(tmp_path)})
    return actor


def bundle_in(folder: Path) -> str:
    return JobBundle((TrialJob(number=0, config={}, folder=str(folder)),)).to_text()


class Round:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("actor")
def test_libraries_are_passed_over_from_a_workers_first_trial_on() -> None:
    assert gc.get_freeze_count() > 100_000


def test_what_a_bundle_leaves_that_holds_itself_is_not_passed_over(
    actor: BundleTrainable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actor, "_worker", SimpleNamespace(close=lambda: None))  # as a head's, which looks for nothing
    left = weakref.ref(Round())
    actor.reset_config({"bundle": bundle_in(tmp_path)})
    gc.collect()
    assert left() is None
