"""`NodeFaults`: which nodes fail all that they are given, while trials train at others."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ferray.config.job import JobBundle
from ferray.events import EpochReport, FailureReason, Outcome

MOST = 3  # different trials that a node may fail before an epoch ends there
# CUDA's words for a device that is not well. None that a faulty program may cause.
_DEVICE = re.compile(
    "no CUDA-capable device|CUDA driver|busy or unavailable|uncorrectable ECC|has fallen off the bus|NVML"
    "|CUDA error: (?:initialization error|unknown error|system not yet initialized)",
    re.IGNORECASE,
)


@dataclass
class NodeFaults:
    """Failures of the place, by node: workers that were lost, disks and devices that do not work.

    A node is faulty once MOST different trials in a row have failed there, none of which failed anywhere else, while an
    epoch has ended at another node: what fails everywhere is no node's fault, and what fails at two nodes is a trial's.
    """

    _failed: dict[str, dict[str, str]] = field(default_factory=dict)  # trials since an epoch ended there, and why
    _beside: set[str] = field(default_factory=set)  # nodes, since whose first failure an epoch has ended elsewhere
    _own_faults: set[str] = field(default_factory=set)  # trials that have failed at two nodes

    def hear(self, node: str, bundle: JobBundle, number: int, result: EpochReport | Outcome) -> None:
        """What a worker at the node said of a trial."""
        if isinstance(result, EpochReport):
            self._failed.pop(node, None)
            self._beside = (self._beside | self._failed.keys()) - {node}
        elif _is_of_the_place(result):
            self.fail(node, bundle, number, result.message)

    def fail(self, node: str, bundle: JobBundle, number: int, why: str) -> None:
        """A trial has failed there by what may be the node's fault."""
        trial = next(json.dumps(job.config, sort_keys=True) for job in bundle.jobs if job.number == number)
        if any(trial in failed for other, failed in self._failed.items() if other != node):
            self._own_faults.add(trial)
            for failed in self._failed.values():
                failed.pop(trial, None)
        elif trial not in self._own_faults:
            self._failed.setdefault(node, {})[trial] = why

    def faulty(self) -> dict[str, str]:
        """The nodes that are to get no more trials, and why."""
        found = {node: list(failed.values()) for node, failed in self._failed.items() if node in self._beside}
        return {node: _words(whys) for node, whys in found.items() if len(whys) >= MOST}


def _is_of_the_place(failure: Outcome) -> bool:
    is_of_a_device = failure.reason is FailureReason.BUG and _DEVICE.search(failure.message)
    return failure.reason is FailureReason.STORAGE or bool(is_of_a_device)


def _words(whys: Sequence[str]) -> str:
    said = f"{len(whys)} different trials in a row failed there while others train elsewhere"
    return f"{said}, at last: {whys[-1]}"
