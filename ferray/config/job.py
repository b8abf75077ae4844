"""`TrialJob`: all that a worker on any node needs to train one trial, and `JobBundle`: those that share a worker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ferray.config.trial import TrialConfig


@dataclass(frozen=True)
class TrialJob:
    """One trial on its way to a worker.

    `config` is `TrialConfig.to_json()`, validated again where it arrives. `folder` is the address of the trial's own
    artifacts, a path or `KIND://...`. `resume_from` is that of a `last.pt` of an earlier attempt at the same
    configuration, "" to start afresh (a `last.pt` in `folder` itself always wins), `resume_else` those of attempts
    before, should it be torn. `threads` is torch's on CPU and the number of augmentation threads. `accumulate` cuts
    each batch into so many pieces whose gradients are added up, where memory does not hold it whole. `driver` is what
    the driver has written beside the trials' folders, by which a worker knows whether it sees them; "" where it must.
    `gpu_fraction` is the part of a GPU's memory that its tensors may take where trials share one, 0 for all of it.
    `weights` is the path, on the driver's disk, of the file of weights that the configuration names, if it names one.
    """

    number: int
    config: dict[str, Any]
    folder: str
    metric: str = "val/uar"
    mode: Literal["max", "min"] = "max"
    data_root: str = "data"
    cache_dir: str = ""
    device: str = "auto"
    threads: int = 1
    resume_from: str = ""
    resume_else: tuple[str, ...] = ()
    accumulate: int = 1
    counts: str = "best"  # the epoch by which the trial counts, `best` or `last`
    init_from: str = ""  # the address of the `best.pt` behind the configuration's `init_from`
    exclude: str = ""  # the list behind the configuration's `exclude`
    driver: str = ""
    weights: str = ""
    shared: str = ""  # the address below which trials keep the stages that they share; "" for the trial's own folder
    gpu_fraction: float = 0.0
    attempts: tuple[str, ...] = ()  # folders of trials that may have left what an earlier stage goes on from

    def trial_config(self) -> TrialConfig:
        """The configuration, checked when it is first asked for."""
        return self._checked_config

    @cached_property
    def _checked_config(self) -> TrialConfig:
        return TrialConfig.model_validate(self.config)

    @property
    def path(self) -> Path:
        return Path(self.folder)


@dataclass(frozen=True)
class JobBundle:
    """One or more trials that share a worker, in the order in which they take turns; one alone is a bundle of one."""

    jobs: tuple[TrialJob, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The trials' numbers, by which everything that happens to them comes back."""
        return tuple(job.number for job in self.jobs)

    def on_device(self, device: str) -> JobBundle:
        """The same trials, trained there."""
        return JobBundle(tuple(replace(job, device=device) for job in self.jobs))

    def cached_in(self, folder: Path) -> JobBundle:
        """The same trials, their data cached there."""
        return JobBundle(tuple(replace(job, cache_dir=str(folder)) for job in self.jobs))

    def to_text(self) -> str:
        """JSON, for the way through a launcher that would take dictionaries apart."""
        return json.dumps([asdict(job) for job in self.jobs])

    @classmethod
    def from_text(cls, text: str) -> JobBundle:
        """The inverse of `to_text`."""
        jobs = json.loads(text)
        tuples = [{key: tuple(job[key]) for key in ("resume_else", "attempts")} for job in jobs]
        return cls(tuple(TrialJob(**{**job, **known}) for job, known in zip(jobs, tuples, strict=True)))
