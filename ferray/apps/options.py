"""The options of the functions of `ferray`, and how they become a `Runtime` and `Overrides`.

They are the words of the command line: `--max-retries 5` is `max_retries=5`.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, TypedDict

from ferray.artifacts.outputs import output_at
from ferray.config.keep import parse_keep
from ferray.config.overrides import Overrides
from ferray.config.place import DEFAULT_OUTPUT, Place, find_sweep, remembered
from ferray.config.runtime import Runtime
from ferray.config.yaml import exact
from ferray.errors import ConfigError, UnknownComponent, did_you_mean
from ferray.events import Listener
from ferray.registry import ROOMS
from ferray.text.commands import command

Pathlike = str | os.PathLike[str]


class _PlaceOptions(TypedDict, total=False):
    """Where something is, and who is told of it."""

    data_root: Pathlike | None
    output: Pathlike
    """Folder that holds the sweeps' folders, `runs` where it is left out; of sweeps an address as well."""
    listeners: Sequence[Listener] | None
    """Who is told what happens; a line on stderr for each trial where it is left out."""
    quiet: bool
    """Whether nobody is told but of warnings, where no listeners are given."""


class _DeviceOptions(_PlaceOptions, total=False):
    """The same where something is computed."""

    device: str
    """`auto`, `cpu` or `cuda`."""


class _Options(_DeviceOptions, total=False):
    """What a sweep and a training have in common."""

    set: Mapping[str, Any] | Sequence[str]
    """Keys of the space and their values, `{"optimizer.lr": 1e-4}`, or texts as behind `--set`."""
    epochs: int | None
    seed: int | None
    quick: bool
    limit_per_class: int | None
    bad_samples: str | None
    """`auto`, `refuse`, `skip` or `keep`."""
    exclude: Pathlike | None
    """A csv of samples to leave out of training, as `data clean` writes it."""
    fresh: bool


class _TrialsOptions(TypedDict, total=False):
    """Where and how trials run, for whatever runs many."""

    time_budget: str | float | None
    """`"45m"`, `"2.5h"`, or seconds."""
    launcher: str
    """`ray`, or `inline` for one trial after another in this process."""
    address: str | None
    cpus_per_trial: int
    gpus_per_trial: float | str | None
    """A number, may be a fraction, or `"auto"` to measure how many trials a GPU holds."""
    memory_per_trial: str | float | None
    """`"8GiB"`, `"512MiB"`, or GiB."""
    accelerator: str | None
    """The type of GPU that trials are given, as Ray names it: `A100`."""
    max_gpus: float | None
    max_concurrent: int | None
    trials_per_worker: int | str | None
    """How many trials share a worker, or `"auto"`: heads on kept features, which train as one there, others alone."""
    max_retries: int
    max_failures: int
    trial_timeout: str | float | None
    wait: str | float | None
    take_over: bool
    storage: str | None
    tracker: str | Sequence[str] | None
    """`wandb` where it is left out, `tensorboard`, `none`."""


class SweepOptions(_Options, _TrialsOptions, total=False):
    """The options of `ferray.sweep`; what is left out is as the command has it."""

    trials: int | None
    seeds: int | None
    enqueue: Pathlike | None
    like: str | None
    """An earlier sweep, by name or path: its best parameters are asked first, its trials known to the sampler."""
    then: Pathlike | None
    """A space that is swept next, as with `like` this sweep; on the same data, in the same place."""
    sampler: str | None
    pruner: str | None
    name: str | None
    keep: str
    """`all`, `none`, or `best=3`."""
    join: bool
    """Whether to drive the sweep beside those who do: with a PostgreSQL store, in the same folder."""
    publish: bool
    """Whether a sweep whose trials went to W&B as they ran is shown there as a whole at its end; it is."""
    wandb_entity: str | None
    """User or team of the runs in W&B."""
    wandb_project: str | None
    """Project of the runs in W&B; `ferray` where nothing says otherwise."""
    wandb_tags: Sequence[str] | None
    """Tags for every run in W&B."""
    wandb_notes: str | None
    """What the notes of every run in W&B begin with."""


class TrainOptions(_Options, total=False):
    """The options of `ferray.train`; what is left out is as the command has it."""

    threads: int | None
    from_trial: str | None
    """In the place of a space: the configuration of a trial, `"sfew:17"` or `"sfew:best"`."""


class ConfirmOptions(_DeviceOptions, _TrialsOptions, total=False):
    """The options of `ferray.confirm`; what is left out is as the command has it."""

    top: int
    """The best so many recipes of the search, 3 where it is left out."""
    seeds: int
    """Trainings of each recipe, 9 where it is left out."""
    baseline: str | None
    """A recipe or a trial of the search, `"SWEEP:17"`, or a search space."""


class _RecordedOptions(_DeviceOptions, total=False):
    """What is asked of a recorded sweep, in this process."""

    storage: str | None


class EvaluateOptions(_RecordedOptions, total=False):
    """The options of `ferray.evaluate`; the best trial where neither is given."""

    trial: int | Sequence[int] | None
    all: bool
    """Every complete trial: for arms that were fixed before anything was seen."""


class EnsembleOptions(_RecordedOptions, total=False):
    """The options of `ferray.ensemble`; what is left out is as the command has it."""

    candidates: int
    bags: int
    rounds: int
    test: bool
    """Whether the gain is measured on the test split; it is."""


class CalibrateOptions(_RecordedOptions, total=False):
    """The options of `ferray.calibrate`; the best trial where nothing is given."""

    trial: int | None
    ensemble: bool
    to: Pathlike | None
    """A `.safetensors` file to write the calibrated trial to."""


class ExportOptions(_PlaceOptions, total=False):
    """The options of `ferray.export`; the best trial where neither it nor the ensemble is asked for."""

    storage: str | None
    trial: int | None
    ensemble: bool
    onnx: bool
    """Whether ONNX is written too; it is."""
    force: bool
    """Whether an earlier export in that folder is replaced."""


def known_options(given: Mapping[str, Any], options: type[Any], function: str) -> dict[str, Any]:
    """The options as they are, `output` a path at least; ConfigError, with the nearest word, for one that is none."""
    known = list(options.__annotations__)
    for name in given:
        if name not in known:
            raise ConfigError(f"`{name}` is no option of `{function}`", did_you_mean(name, known))
    return {**given, "output": output_at(given.get("output") or DEFAULT_OUTPUT)}


def overrides_from(asked: Mapping[str, Any]) -> Overrides:
    """The `Overrides` among the options, by their names."""
    named = {field.name for field in fields(Overrides)} - {"sets", "time_s"}
    given = {name: asked[name] for name in named if asked.get(name) is not None}
    if "exclude" in given:
        given["exclude"] = os.fspath(given["exclude"])
    return Overrides(sets=_sets(asked.get("set")), time_s=seconds(asked.get("time_budget")), **given)


def _sets(given: Mapping[str, Any] | Sequence[str] | None) -> Sequence[str]:
    """Keys and values as they are written behind `--set`."""
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Mapping):
        return tuple(f"{key}={exact(value)}" for key, value in given.items())
    return tuple(given or ())


def runtime_from(asked: Mapping[str, Any]) -> Runtime:
    """The `Runtime` among the options, by their names; ConfigError names the option that is wrong."""
    from pydantic import ValidationError

    from ferray.config.wording import problem_lines

    if "launcher" in asked:
        ROOMS["launcher"].require(asked["launcher"])  # by its name alone: Ray takes seconds to import
    given = {name: asked[name] for name in Runtime.model_fields if asked.get(name) is not None}
    try:
        return Runtime.model_validate(given)
    except ValidationError as error:
        name, _, text = problem_lines(error)[0].partition(": ")
        raise ConfigError(f"`--{name.replace('_', '-')}` {text}", f"see `{command('sweep --help')}`") from error


def sweep_runtime_from(asked: Mapping[str, Any]) -> Runtime:
    """The place of a sweep, whose options have their units and lists written as on a command line."""
    _refuse_cluster_words(asked)
    return runtime_from(
        {
            **asked,
            "gpus_per_trial": gpus(asked.get("gpus_per_trial")),
            "trials_per_worker": trials_per_worker(asked.get("trials_per_worker")),
            "memory_per_trial_gib": gibibytes(asked.get("memory_per_trial")),
            "trackers": trackers(asked.get("tracker")),
            "trial_timeout_s": seconds(asked.get("trial_timeout"), "--trial-timeout"),
            "wait_s": _waiting(asked.get("wait"), asked.get("address")),
            "keep_best": parse_keep(asked.get("keep") or "all"),
        }
    )


def trackers(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """The trackers by name, each of them there; ConfigError for a name that none has."""
    names = ("wandb",) if given is None else (given,) if isinstance(given, str) else given
    chosen = tuple(name for name in names if name != "none")
    known = [*ROOMS["tracker"].names(), "none"]
    for name in chosen:
        if name not in known:
            raise UnknownComponent(f"`{name}` is not a tracker", did_you_mean(name, known))
        ROOMS["tracker"].load(name)
    return chosen


def whole_number(asked: Mapping[str, Any], name: str, *, least: int, most: int | None = None) -> int:
    """The option of this name, which is there; ConfigError outside `least` to `most`."""
    given = asked[name]
    number = as_whole_number(given)
    if number is not None and number >= least and (most is None or number <= most):
        return number
    reach = f"of `{least}` or more" if most is None else f"from `{least}` to `{most}`"
    raise ConfigError(f"`--{name} {given}` is no whole number {reach}", f"write a number such as `{least}`")


def as_whole_number(given: Any) -> int | None:
    """A whole number of Python or NumPy as Python's; None for anything else."""
    try:
        return operator.index(given)
    except TypeError:
        return None


def place_of(name: str, asked: Mapping[str, Any], listener: Listener) -> tuple[Place, dict[str, Any]]:
    """The sweep that is spoken of, and the options with its data, store and cache where these were not given."""
    place = find_sweep(name, Path(asked["output"]), asked.get("storage"))
    return place, recalled(place, asked, listener)


def recalled(place: Place, asked: Mapping[str, Any], listener: Listener) -> dict[str, Any]:
    """The options with what a sweep remembers of data, store and cache where these were not given."""
    found, notes = remembered(place, asked.get("data_root"), asked.get("storage"))
    for note in notes:
        listener.warned(f"note: {note}")
    return {**asked, **found}


def _waiting(text: str | float | None, address: str | None) -> float | None:
    if text is not None and address is None:
        raise ConfigError("`--wait` is for nodes of a cluster, this machine has what it has", "pass its `--address`")
    return seconds(text, "--wait")


def _refuse_cluster_words(asked: Mapping[str, Any]) -> None:
    """ConfigError for a wish that no launcher but Ray's can grant."""
    wishes = ("accelerator", "memory_per_trial", "max_gpus", *(["gpus_per_trial"] * _asks_for_auto(asked)))
    if asked.get("launcher") == "inline" and (given := [name for name in wishes if asked.get(name) is not None]):
        option = f"--{given[0].replace('_', '-')}"
        raise ConfigError(f"`{option}` is for Ray, `--launcher inline` trains in this process", f"leave out `{option}`")


def _asks_for_auto(asked: Mapping[str, Any]) -> bool:
    return asked.get("gpus_per_trial") == "auto"


def gpus(given: str | float | None) -> float | str | None:
    """A number of GPUs, or `auto`; ConfigError for anything else."""
    return given if given is None or given == "auto" else _number(given, "--gpus-per-trial", "GPUs", such_as="0.5")


def trials_per_worker(given: str | int | None) -> int | None:
    """A whole number of trials, None for `auto`; ConfigError for anything else."""
    if given is None or given == "auto":
        return None
    number = _number(given, "--trials-per-worker", "trials", such_as="4", is_whole=True)
    return int(number)


def _number(given: str | float, option: str, what: str, *, such_as: str, is_whole: bool = False) -> float:
    with suppress(ValueError):
        number = float(given)
        if not is_whole or number.is_integer():
            return number
    raise ConfigError(f"`{option} {given}` is no number of {what}", f"write a number such as `{such_as}`, or `auto`")


def gibibytes(given: str | float | None) -> float | None:
    """`8GiB`, `8G`, `512MiB` or `8` as GiB; ConfigError for anything else."""
    if given is None:
        return None
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([KMGT])(?:i?B)?)?", str(given).strip(), re.IGNORECASE)
    if match is None or float(match[1]) <= 0:
        raise ConfigError(f"`--memory-per-trial {given}` is not a size", "write `8GiB` or `512MiB`")
    return float(match[1]) * 1024.0 ** ("KMGT".index((match[2] or "G").upper()) - 2)


def seconds(given: str | float | None, option: str = "--time-budget") -> float | None:
    """`90`, `90s`, `45m` or `2.5h` as seconds; ConfigError, naming the option, for anything else."""
    if given is None:
        return None
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([smh]?)", str(given).strip())
    if match is None or float(match[1]) <= 0:
        raise ConfigError(f"`{option} {given}` is not a length of time", "write `90s`, `45m` or `2.5h`")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]
