"""`Runtime`: where and on what a sweep runs. Nothing in it changes a result, so nothing in it is hashed or ranked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ferray.config.cache_folder import default_cache_dir
from ferray.config.data_root import data_root_at, default_data_root
from ferray.registry import Params


def _whole_above_one(gpus: float | str) -> float | str:
    if isinstance(gpus, float) and gpus > 1 and gpus % 1:
        raise ValueError(f"is `{gpus:g}`, Ray gives a part of one GPU or whole ones")
    return gpus


GpuCount = Annotated[float, Field(ge=0)]


class Runtime(Params):
    """The place: folders, launcher, resources of one trial, device.

    `cpus_per_trial` is also the number of torch threads of a trial. `gpus_per_trial` None is one where the cluster has
    any and `device` is not cpu, `auto` what a probe of the device finds (`sweeps/gpu_packing.py`); `max_concurrent`
    None lets the cluster's size decide.
    `trials_per_worker`: how many trials share a worker and its resources, taking turns, an epoch of each; where
    it is not given, a sweep of heads that train as one has up to 16 (`config/fusing.py`), any other one.
    `accelerator`: the type of GPU that trials are given, as Ray names it (`A100`); `memory_per_trial_gib` is counted by
    Ray and not fenced off. `max_gpus` bounds the GPUs of all trials that run at a time, so that others have theirs.
    `max_retries`: how often a parameter set is asked again after its worker was lost. `max_failures`: more failures in
    a row of one reason end the sweep. `trial_timeout_s`: a trial silent for longer, from its first step on, is taken to
    hang. `wait_s`: how long a cluster of others may take until one trial fits. `keep_best`: how many of the complete
    trials keep their best.pt, the best ones; None is all. `artifacts`: the address below which trials keep their files,
    which each worker can open; None is the sweep's folder.
    """

    data_root: Annotated[Path, BeforeValidator(data_root_at)] = Field(default_factory=default_data_root)
    cache_dir: Path = Field(default_factory=default_cache_dir)
    output: Path = Path("runs")
    launcher: Literal["inline", "ray"] | str = "ray"
    address: str | None = None
    cpus_per_trial: Annotated[int, Field(ge=1)] = 1
    gpus_per_trial: Annotated[GpuCount | Literal["auto"], AfterValidator(_whole_above_one)] | None = None
    accelerator: Annotated[str, Field(pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*")] | None = None
    memory_per_trial_gib: Annotated[float, Field(gt=0)] | None = None
    max_gpus: Annotated[float, Field(gt=0)] | None = None
    max_concurrent: Annotated[int, Field(ge=1)] | None = None
    trials_per_worker: Annotated[int, Field(ge=1)] = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    storage: str | None = None
    artifacts: str | None = None
    max_retries: Annotated[int, Field(ge=0)] = 3
    max_failures: Annotated[int, Field(ge=0)] = 10
    trial_timeout_s: Annotated[float, Field(gt=0)] | None = None
    wait_s: Annotated[float, Field(gt=0)] | None = None
    keep_best: Annotated[int, Field(ge=0)] | None = None
    trackers: tuple[str, ...] = ("console", "wandb")

    @property
    def gpus_asked(self) -> float | None:
        """The GPUs of a trial where a number was asked for."""
        return None if self.gpus_per_trial == "auto" else self.gpus_per_trial
