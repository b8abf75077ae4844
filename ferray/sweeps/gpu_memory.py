"""`GpuMemory`: what trainings were measured to take of a type of GPU and to give on it, kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ferray.config.cache_folder import make_cache_folder
from ferray.config.workload import Workload
from ferray.errors import DataError
from ferray.files.atomic import write_json
from ferray.files.read import read_json
from ferray.system.packages import installed_version

FOLDER = "gpus"
PACKAGES = ("torch", "timm", "ferray")  # of other versions other figures are kept
GREW = 1.2  # times what it had, where a training was refused more: how much more is not known
CROWDED = 0.05  # of a device's memory that others have: what does not fit beside them may fit once they have gone


@dataclass(frozen=True)
class GpuFacts:
    """A device by name, bytes of its memory, those that others use, and whether its kernels may run beside each other.

    `has_mps`: NVIDIA's Multi-Process Service is on there.
    """

    name: str
    memory_bytes: int
    used_bytes: int = 0
    has_mps: bool = False


@dataclass(frozen=True)
class Measurement:
    """What so many copies of a training did on a device at once.

    `peak_bytes` are those of one copy at most, `context_bytes` what its process takes beside, `images_per_s` of all
    copies together; 0 where memory ran out.
    """

    peak_bytes: int
    context_bytes: int
    images_per_s: float

    @property
    def ran_out(self) -> bool:
        """Whether the device refused memory."""
        return self.images_per_s == 0.0


class Gpu(Protocol):
    """A device that trainings share: this machine's, a node's, or a test's that has memory alone."""

    @property
    def facts(self) -> GpuFacts: ...

    def measure(self, workload: Workload, copies: int) -> Measurement:
        """Train so many copies at once for a moment; ClusterError where nothing can be measured."""
        ...


@dataclass(frozen=True)
class Known:
    """What is known of a workload. `images_per_s` are of so many copies together, by their number as text."""

    called: str
    family: str
    batch_size: int
    peak_bytes: int
    context_bytes: int
    images_per_s: dict[str, float] = field(default_factory=dict)
    ran_out_bytes: int = 0  # that a trial had, and that were not enough; 0 for none


class GpuMemory:
    """The figures of one type of device, with one set of versions. Every new one is written down at once."""

    def __init__(self, facts: GpuFacts, cache_dir: Path) -> None:
        self.facts = facts
        self.path = cache_dir / FOLDER / f"{_slug(facts.name)}-{_digest(facts)}.json"
        self._known = _read(self.path)

    def known(self, workload: Workload) -> Known | None:
        """What was measured of it, None for nothing."""
        return self._known.get(workload.key)

    def rate(self, workload: Workload, copies: int) -> float | None:
        """Images a second of so many copies together, 0 where they do not fit, None where nobody has measured."""
        known = self.known(workload)
        return known.images_per_s.get(str(copies)) if known is not None else None

    def need(self, workload: Workload) -> Known | None:
        """Itself, or that with the next larger batches, which takes no less; None where neither is known."""
        if (known := self.known(workload)) is not None:
            return known
        larger = [each for each in self._known.values() if each.family == workload.family]
        return min(
            (each for each in larger if each.batch_size > workload.batch_size),
            key=lambda each: each.batch_size,
            default=None,
        )

    def learn(self, workload: Workload, copies: int, found: Measurement) -> None:
        """Keep a measurement; the most memory that was seen counts.

        That memory ran out while others had much of it is kept for this sweep alone.
        """
        former = self.known(workload) or _blank(workload)
        peak = max(former.peak_bytes, found.peak_bytes)
        context = max(former.context_bytes, found.context_bytes)
        rates = {**former.images_per_s, str(copies): round(found.images_per_s, 2)}
        self._keep(workload, replace(former, peak_bytes=peak, context_bytes=context, images_per_s=rates))

    def learn_that_it_ran_out(self, workload: Workload, had_bytes: int) -> None:
        """A trial was refused memory beyond `had_bytes`, so it takes more than that."""
        near = self.need(workload) or _blank(workload)
        own = self.known(workload) or replace(_blank(workload), context_bytes=near.context_bytes)
        peak = max(near.peak_bytes, own.peak_bytes, int(had_bytes * GREW))
        self._keep(workload, replace(own, peak_bytes=peak, ran_out_bytes=max(own.ran_out_bytes, had_bytes)))

    def _keep(self, workload: Workload, known: Known) -> None:
        self._known = {**_read(self.path), **self._known, workload.key: known}  # another sweep may have measured too
        make_cache_folder(self.path.parent)
        plain = {key: asdict(self._lasting(each)) for key, each in self._known.items()}
        document = {"gpu": asdict(self.facts), "versions": versions(), "workloads": plain}
        write_json(self.path, document, durable=False)

    def _lasting(self, known: Known) -> Known:
        """What other sweeps may go by."""
        if self.facts.used_bytes <= CROWDED * self.facts.memory_bytes:
            return known
        return replace(known, images_per_s={copies: rate for copies, rate in known.images_per_s.items() if rate})


def versions() -> dict[str, str]:
    """Those of what decides how much memory a training takes."""
    return {name: installed_version(name) for name in PACKAGES}


def _blank(workload: Workload) -> Known:
    return Known(str(workload), workload.family, workload.batch_size, 0, 0)


def _read(path: Path) -> dict[str, Known]:
    """What is kept; nothing where that is nothing, or damaged: it is measured again."""
    try:
        return {key: Known(**each) for key, each in read_json(path)["workloads"].items()}
    except (DataError, KeyError, TypeError, AttributeError):
        return {}


def _digest(facts: GpuFacts) -> str:
    told: Sequence[Any] = (facts.name, facts.memory_bytes, facts.has_mps, versions())
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
