"""The GPUs of a cluster's nodes as they are measured: one of each type, by an actor that has it to itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import ray
from ray.exceptions import RayError

from ferray.config.runtime import Runtime
from ferray.config.workload import Workload
from ferray.errors import ClusterError
from ferray.launch._local_gpu import LocalGpu, local_gpu
from ferray.launch._nodes import living_nodes, own_resources
from ferray.sweeps.gpu_memory import GpuFacts, Measurement
from ferray.sweeps.gpu_sharing import SharedGpu
from ferray.sweeps.placement import A_BIT, TYPE_PREFIX, Resources, types_of

FREE_WITHIN_S = 60.0  # others may train on all GPUs of a type
ANSWER_WITHIN_S = 1800.0  # of several copies, one after another


def cores_for_each_gpu(node: Resources, runtime: Runtime) -> int:
    """How many workers the cores of a node give to each of its GPUs, one at least."""
    return max(1, int(node.get("CPU", 0.0) // runtime.cpus_per_trial // max(1.0, node.get("GPU", 0.0))))


@contextlib.contextmanager
def own_gpus(runtime: Runtime) -> Iterator[list[SharedGpu]]:
    """The GPU of this machine, to be measured in this scope; none where trials train without one."""
    own = own_resources() if runtime.device != "cpu" else {}
    with local_gpu() as gpu:
        yield [SharedGpu(gpu, cores_for_each_gpu(own, runtime))] if own.get("GPU") else []


@contextlib.contextmanager
def node_gpus(runtime: Runtime, tell: Callable[[str], None]) -> Iterator[list[SharedGpu]]:
    """One GPU of each type that trials may be given, each held in this scope; ClusterError where none is free."""
    nodes = [node.resources for node in living_nodes() if node.resources.get("GPU", 0.0) >= 1]
    nodes = nodes if runtime.device != "cpu" else []
    types = [runtime.accelerator] if runtime.accelerator else types_of(nodes) or [""]
    with contextlib.ExitStack() as stack:
        found = []
        for kind in types:
            able = [node for node in nodes if not kind or TYPE_PREFIX + kind in node]
            if able:
                tell(f"measuring how many trials a GPU{f' of type {kind}' if kind else ''} holds")
                gpu = stack.enter_context(contextlib.closing(NodeGpu(kind)))
                found.append(SharedGpu(gpu, min(cores_for_each_gpu(node, runtime) for node in able)))
        yield found


@dataclass
class NodeGpu:
    """A GPU of the cluster, of this type or of any; the actor that measures starts with the first question."""

    kind: str

    @cached_property
    def facts(self) -> GpuFacts:
        told = self._ask(self._actor.facts.remote(), FREE_WITHIN_S)
        return GpuFacts(**told)

    def measure(self, workload: Workload, copies: int) -> Measurement:
        """As `Gpu` has it, there."""
        return Measurement(**self._ask(self._actor.measure.remote(asdict(workload), copies), ANSWER_WITHIN_S))

    def close(self) -> None:
        """Give the GPU back."""
        if "_actor" in vars(self):
            with contextlib.suppress(RayError):
                ray.get(self._actor.close.remote(), timeout=10)
            ray.kill(self._actor)

    @cached_property
    def _actor(self) -> Any:
        one = {TYPE_PREFIX + self.kind: A_BIT} if self.kind else {}
        return ray.remote(_Measuring).options(num_cpus=0, num_gpus=1, resources=one).remote()

    def _ask(self, answer: Any, within_s: float) -> Any:
        until = time.monotonic() + within_s
        while not ray.wait([answer], timeout=1)[0]:  # in short pieces, since Ray lets no Ctrl-C through
            if time.monotonic() > until:
                raise ClusterError(f"no GPU{f' of type `{self.kind}`' if self.kind else ''} was free to be measured")
        try:
            return ray.get(answer)
        except RayError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, ClusterError):
                raise ClusterError(cause.message, cause.hint) from error
            raise ClusterError(f"the node that was to be measured is lost: {type(error).__name__}") from error


class _Measuring:
    """Measures the GPU that Ray has given to this process."""

    def __init__(self) -> None:
        self._gpu = LocalGpu()

    def facts(self) -> dict[str, Any]:
        return asdict(self._gpu.facts)

    def measure(self, workload: dict[str, Any], copies: int) -> dict[str, Any]:
        return asdict(self._gpu.measure(Workload(**workload), copies))

    def close(self) -> None:
        self._gpu.close()
