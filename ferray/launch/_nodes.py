"""The nodes of a cluster as Ray lists them, and on which of them a worker lived."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray._private.accelerators import get_accelerator_manager_for_resource
from ray._private.state import actors, state
from ray._private.utils import estimate_available_memory
from ray.util import accelerators

from ferray.events import Host
from ferray.system.cores import num_cores

# Of NVIDIA on cards and on chips, of AMD, of a Linux inside Windows.
_DEVICES = tuple(map(Path, ("/dev/nvidiactl", "/dev/nvmap", "/dev/kfd", "/dev/dxg")))
_ACTOR = re.compile(r"actor_id[=:] ?([0-9a-f]{32})")
_NODE = re.compile(r"\b(?:Node Id|NodeID|node ID|ID): ?([0-9a-f]{56})")


@dataclass(frozen=True)
class Node:
    """A node that lives. `id` is Ray's, `resources` are what it has in all, whoever uses them."""

    id: str
    name: str
    address: str = ""
    resources: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def called(self) -> str:
        """The node in words: ``node `gpu-3` (10.0.0.7)``."""
        return f"node `{self.name}` ({self.address})"

    @property
    def host(self) -> Host:
        """The node as a trial's record has it."""
        return Host(self.name, self.id)


def living_nodes() -> list[Node]:
    """Every node of the cluster that lives; a call to the head."""
    return [_node(facts) for facts in ray.nodes() if facts["Alive"]]


def draining_nodes() -> set[str]:
    """The ids of nodes that Ray has been told to empty: a spot instance with a notice, one that is scaled away."""
    return set(state.get_draining_nodes())


def own_resources() -> dict[str, float]:
    """What an embedded cluster on this machine will have."""
    own = {"CPU": float(num_cores()), "GPU": float(num_gpus()), "memory": float(estimate_available_memory())}
    kind = get_accelerator_manager_for_resource("GPU").get_current_node_accelerator_type() if own["GPU"] else None
    return {**own, **({f"accelerator_type:{kind}": 1.0} if kind else {})}


def spelt_by_ray(accelerator: str | None) -> str | None:
    """A type of accelerator as Ray spells it, where it knows it."""
    known = {name.lower(): name for name in vars(accelerators).values() if isinstance(name, str)}
    return accelerator and known.get(accelerator.lower(), accelerator)


def num_gpus() -> int:
    """The CUDA devices that torch sees on this machine; where the system shows none, torch is not asked."""
    if not any(map(Path.exists, _DEVICES)):
        return 0
    import torch

    return torch.cuda.device_count()


def node_of_worker(words: str) -> str:
    """The id of the node on which a worker ended, by Ray's words about its end; "" where nothing says so."""
    if node := _NODE.search(words):
        return node[1]
    actor = _ACTOR.search(words)
    known = actors(actor[1]) if actor else None
    return str(known["Address"]["NodeID"]) if known else ""


def _node(facts: dict[str, Any]) -> Node:
    address = facts.get("NodeManagerAddress", "")
    return Node(
        facts.get("NodeID", ""), facts.get("NodeManagerHostname", "") or address, address, dict(facts["Resources"])
    )
