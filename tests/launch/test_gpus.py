"""The GPUs of this machine and of a cluster's nodes, handed out to be measured: Ray's word stands for the nodes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, RayError, RayTaskError

from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.errors import ClusterError
from ferray.launch import _gpus
from ferray.launch._gpus import NodeGpu, cores_for_each_gpu, node_gpus, own_gpus
from ferray.launch._nodes import Node
from ferray.sweeps.gpu_memory import Measurement
from ferray.testing.fake_gpu import GIB, FakeGpu

A100 = {"CPU": 32.0, "GPU": 4.0, "accelerator_type:A100": 1.0}
FEW_CORES = {**A100, "CPU": 8.0}
L4 = {"CPU": 4.0, "GPU": 1.0, "accelerator_type:L4": 1.0}
UNTYPED = {"CPU": 6.0, "GPU": 2.0}
WITHOUT = {"CPU": 16.0}


class FakeRay:
    """Ray's actors without its processes: each is the object itself, of which an answer fails with `error`."""

    def __init__(self, error: RayError | None = None, *, is_busy: bool = False) -> None:
        self.error, self.is_busy = error, is_busy
        self.asked: list[dict[str, Any]] = []
        self.killed = 0

    def remote(self, kind: type) -> SimpleNamespace:
        return SimpleNamespace(options=lambda **asked: SimpleNamespace(remote=lambda: self._started(kind, asked)))

    def _started(self, kind: type, asked: dict[str, Any]) -> SimpleNamespace:
        self.asked.append(asked)
        actor = kind()
        acts = ("facts", "measure", "close")
        return SimpleNamespace(**{act: SimpleNamespace(remote=getattr(actor, act)) for act in acts})

    def wait(self, answers: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return ([], answers) if self.is_busy else (answers, [])

    def get(self, answer: Any, timeout: float | None = None) -> Any:
        if self.error is not None:
            raise self.error
        return answer

    def kill(self, _: Any) -> None:
        self.killed += 1


class HeldGpu(FakeGpu):
    """One that is given back."""

    def close(self) -> None:
        """Nothing is held."""


def use(monkeypatch: pytest.MonkeyPatch, ray: FakeRay) -> FakeRay:
    monkeypatch.setattr(_gpus, "ray", ray)
    monkeypatch.setattr(_gpus, "LocalGpu", lambda: HeldGpu(memory_gib=40, need=lambda _: 2.0))
    return ray


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    return use(monkeypatch, FakeRay())


def handed_out(monkeypatch: pytest.MonkeyPatch, *nodes: dict[str, float], **place: Any) -> list[tuple[str, int]]:
    """The type of each GPU that nodes hand out, and how many workers are for it."""
    living = [Node(str(number), "", resources=node) for number, node in enumerate(nodes)]
    monkeypatch.setattr(_gpus, "living_nodes", lambda: living)
    with node_gpus(Runtime(**place), lambda _: None) as gpus:
        return [(gpu.gpu.kind, gpu.workers_by_cores) for gpu in gpus if isinstance(gpu.gpu, NodeGpu)]


def workload() -> Workload:
    config = TrialConfig.model_validate({"dataset": "demo", "backbone": "tiny_cnn", "image_size": 32})
    return Workload.of(config, image_size=32, num_classes=7)


@pytest.mark.parametrize(("cpus", "workers"), [(1, 8), (3, 2), (16, 1)])
def test_the_cores_of_a_node_are_shared_by_its_gpus(cpus: int, workers: int) -> None:
    assert cores_for_each_gpu(A100, Runtime(cpus_per_trial=cpus)) == workers


def test_each_type_is_handed_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_out(monkeypatch, A100, L4, A100, WITHOUT) == [("A100", 8), ("L4", 4)]


def test_a_type_has_the_workers_of_its_node_with_the_fewest_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_out(monkeypatch, A100, FEW_CORES) == [("A100", 2)]


def test_only_the_type_that_trials_are_given_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_out(monkeypatch, A100, L4, accelerator="L4") == [("L4", 4)]


def test_a_type_that_no_node_has_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_out(monkeypatch, A100, accelerator="H100") == []


def test_gpus_without_a_type_are_one_type(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_out(monkeypatch, UNTYPED, WITHOUT) == [("", 3)]


def test_trials_on_cores_need_no_gpu_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_out(monkeypatch, A100, device="cpu") == []


def test_nothing_is_started_before_a_gpu_is_asked(monkeypatch: pytest.MonkeyPatch, ray: FakeRay) -> None:
    handed_out(monkeypatch, A100, L4)
    assert (ray.asked, ray.killed) == ([], 0)


def test_what_measures_has_a_whole_gpu_of_its_type(ray: FakeRay) -> None:
    assert NodeGpu("A100").facts.memory_bytes == 40 * GIB
    assert ray.asked == [{"num_cpus": 0, "num_gpus": 1, "resources": {"accelerator_type:A100": 0.001}}]


def test_one_process_answers_all_questions(ray: FakeRay) -> None:
    gpu = NodeGpu("")
    assert (gpu.facts.name, gpu.measure(workload(), 2)) == ("Fake 40GB", Measurement(2 * GIB, GIB // 2, 200.0))
    assert len(ray.asked) == 1


def test_a_gpu_is_given_back(ray: FakeRay) -> None:
    gpu = NodeGpu("L4")
    gpu.measure(workload(), 1)
    gpu.close()
    assert ray.killed == 1


def test_a_gpu_that_others_keep_is_told_by_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeRay(is_busy=True))
    monkeypatch.setattr(_gpus, "FREE_WITHIN_S", -1.0)
    with pytest.raises(ClusterError, match="no GPU of type `A100` was free to be measured"):
        _ = NodeGpu("A100").facts


def test_what_a_node_says_went_wrong_is_said_here(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeRay(RayTaskError("facts", "", ClusterError("it broke", "mend it"))))
    with pytest.raises(ClusterError) as caught:
        _ = NodeGpu("A100").facts
    assert (caught.value.message, caught.value.hint) == ("it broke", "mend it")


def test_a_node_that_is_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeRay(ActorDiedError()))
    with pytest.raises(ClusterError, match="the node that was to be measured is lost: ActorDiedError"):
        NodeGpu("A100").measure(workload(), 1)


@pytest.mark.parametrize(
    ("own", "device", "workers"), [(A100, "auto", [8]), (A100, "cpu", []), ({**WITHOUT, "GPU": 0.0}, "auto", [])]
)
def test_this_machine_hands_out_its_gpu_where_trials_use_it(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, float], device: str, workers: list[int]
) -> None:
    monkeypatch.setattr(_gpus, "own_resources", lambda: own)
    with own_gpus(Runtime(device=device)) as gpus:  # type: ignore[arg-type]  # one of its words
        assert [gpu.workers_by_cores for gpu in gpus] == workers
