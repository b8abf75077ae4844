"""What a sweep would do, for a dry run: fixed values, ranges, data, slots, disk and what it would go on with."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ferray.config.keep import keep_words
from ferray.config.parameter_sets import ParameterSet
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import COMPONENT_FIELDS
from ferray.config.urls import without_password
from ferray.data.summary import DataSummary
from ferray.events import Found
from ferray.sweeps.check import Checked
from ferray.text.counting import counted, gibibytes


@dataclass(frozen=True)
class Plan:
    """A sweep that passed its check.

    `space` says where it is written, `found` what it goes on with, `first` what is asked before the sampler is;
    `takes_over` is a line on what of that, and what knowledge, comes from an earlier sweep.
    """

    spec: SweepSpec
    runtime: Runtime
    space: str
    checked: Checked
    found: Found
    first: tuple[ParameterSet, ...] = ()
    takes_over: str = ""

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray sweep NAME --dry-run --json`."""
        spec, place, disk = self.spec, self.checked.place, self.checked.disk
        return {
            **self._what(),
            "fixed": self.fixed(),
            "searched": spec.space,
            "arms": spec.arms,
            "seeds": spec.seeds,
            "asked_first": list(self.first),
            "takes_over": self.takes_over or None,
            "continues": _found_json(self.found),
            "trials_left": self.trials_left,
            "data": [summary.to_json() for summary in self.checked.data],
            "launcher": self.runtime.launcher,
            "address": self.runtime.address,
            "slots": {
                "trials": place.num_trials,
                "trials_per_worker": place.trials_per_worker,
                "cpus_per_trial": place.cpus,
                "gpus_per_trial": place.gpus,
            },
            "gpu_sharing": self.checked.sharing.packing.to_json() if self.checked.sharing else None,
            "keep": keep_words(self.runtime.keep_best),
            "disk": {
                "free_bytes": disk.free,
                "kept_bytes": list(disk.kept) if disk.kept else None,
                "running_bytes": disk.running,
                "all_trials_bytes": disk.of_all(self.trials_left, place.num_trials),
            },
            "store": without_password(self.runtime.storage) if self.runtime.storage else None,
            "trackers": list(self.runtime.trackers),
            "corners_checked": len(self.checked.configs),
        }

    def to_words(self) -> dict[str, Any]:
        """The same for people: values as a space file has them, sentences where it has none."""
        spec, runtime = self.spec, self.runtime
        arms = {"arms": spec.arms} if spec.arms else {}
        seeds = {"seeds": spec.seeds} if spec.seeds else {}
        store = {"store": without_password(runtime.storage)} if runtime.storage else {}
        return {
            **self._what(),
            "goes on with": f"{self.found}; {self.trials_left} left"
            if str(self.found)
            else "nothing, it is a new sweep",
            "fixed": self.fixed(),
            "searched": spec.space or "nothing",
            **arms,
            **seeds,
            **({"asked first": list(self.first)} if self.first else {}),
            **({"takes over": self.takes_over} if self.takes_over else {}),
            "data": _counts_by_name(self.checked.data),
            "slots": f"{self.checked.place}, by the launcher {runtime.launcher}"
            + (f" at {runtime.address}" if runtime.address else ""),
            **({"GPUs": str(self.checked.sharing.packing)} if self.checked.sharing else {}),
            **self._keep_in_words(),
            "disk": self._disk_in_words(),
            **store,
            "trackers": ", ".join(runtime.trackers) or "none",
            "checked": counted(len(self.checked.configs), "corner of the space", "corners of the space"),
        }

    @property
    def trials_left(self) -> int:
        """How many trials of the budget are not finished yet."""
        return max(0, self.spec.budget.trials - self.found.finished)

    def fixed(self) -> dict[str, Any]:
        """Every key of a trial that neither the space nor an arm nor the seeds vary, defaults included."""
        varied = {*self.spec.space, *(key for arm in self.spec.arms.values() for key in arm)}
        tree = copy.deepcopy(self.checked.configs[0].to_json())
        for key in [*varied, *(["seed"] if self.spec.seeds else [])]:
            _remove(tree, key)
        return tree

    def _what(self) -> dict[str, Any]:
        spec = self.spec
        time = {"time_budget_s": spec.budget.time_s} if spec.budget.time_s else {}
        return {
            "sweep": spec.name,
            "space": self.space,
            "folder": str(self.runtime.output / spec.name),
            "trials": spec.budget.trials,
            **time,
            "objective": spec.objective.model_dump(),
            "sampler": spec.sampler.model_dump(),
            "pruner": spec.pruner.model_dump(),
        }

    def _keep_in_words(self) -> dict[str, str]:
        if self.runtime.keep_best is None:
            return {}
        most = self.runtime.keep_best
        kept = {0: "no checkpoint", 1: "the checkpoint of the best trial"}.get(
            most, f"the checkpoints of the {most} best"
        )
        finished = self.found.finished
        return {"keep": f"{kept}, of the {finished} finished ones too" if finished else kept}

    def _disk_in_words(self) -> str:
        disk, left = self.checked.disk, self.trials_left
        free = f"{gibibytes(disk.free)} free"
        if disk.kept is None or not left:
            return free
        least, most = map(gibibytes, disk.kept)
        kept = most if least == most else f"{least} to {most}"
        in_all = gibibytes(disk.of_all(left, self.checked.place.num_trials))
        trials = counted(left, "trial")
        running = gibibytes(disk.running)
        return f"{free}; a complete trial keeps about {kept}, one that runs {running}; {trials} take at most {in_all}"


def _remove(tree: dict[str, Any], key: str) -> None:
    """Take a key of a space out of a configuration; below a component the parameter of whichever is chosen."""
    first, *rest = key.split(".")
    if not rest:
        tree.pop(first, None)
        return
    branch = tree.get(first)
    if first in COMPONENT_FIELDS and isinstance(branch, dict):
        branch = next(iter(branch.values()))
    if isinstance(branch, dict):
        branch.pop(rest[-1], None)


def _found_json(found: Found) -> dict[str, Any]:
    best = {"trial": found.best[0], "value": found.best[1]} if found.best else None
    ended = {str(kind): count for kind, count in found.ended.items()}
    counts = {"finished": found.finished, "by_outcome": ended, "asked_again": found.again, "waiting": found.waiting}
    return {**counts, "best": best}


def _counts_by_name(data: Sequence[DataSummary]) -> dict[str, str]:
    """What each data set holds; of several of one name, as those of two stages, the later ones are numbered."""
    told: dict[str, str] = {}
    for summary in data:
        same = sum(other.dataset == summary.dataset for other in data[: data.index(summary)])
        told[f"{summary.dataset} ({same + 1})" if same else summary.dataset] = _counts(summary.to_json())
    return told


def _counts(data: dict[str, Any]) -> str:
    splits = [f"{name} {sum(split['counts']):,}" for name, split in data["splits"].items() if sum(split["counts"])]
    return f"{len(data['classes'])} classes; {', '.join(splits)}"
