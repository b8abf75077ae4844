"""The pre-flight check: what would make trials fail is said in seconds, before Ray starts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ferray.artifacts.address import file_at
from ferray.config.corners import corner_problems, corners
from ferray.config.data_root import data_root_words
from ferray.config.distinct import repeats_warning, unique_by, varied_stages_warning
from ferray.config.exclusion import kept_list
from ferray.config.fusing import apart_warning, trials_together
from ferray.config.modality import (
    asks_backbone_for_size,
    describes_images,
    holds_features,
    image_size,
    refuse_mismatch,
)
from ferray.config.output_address import address_of, sweep_address
from ferray.config.place import DataPlace
from ferray.config.problems import problems_error
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.data.opened import open_dataset
from ferray.data.pack import ensure_data
from ferray.data.samples import Splits
from ferray.data.summary import DataSummary
from ferray.errors import ConfigError
from ferray.files.atomic import hidden_beside
from ferray.files.os_errors import writing
from ferray.models.known_networks import KnownNetworks
from ferray.models.transfer import numbered_head, refuse_initial
from ferray.registry import ROOMS
from ferray.study.records import DataIdentity
from ferray.sweeps.disk_space import DiskNeed, disk_need, nearest_existing, num_kept
from ferray.sweeps.disk_use import FEW
from ferray.sweeps.first_step import split_every_fold, try_networks
from ferray.sweeps.gpu_probing import share_gpus, workloads_of
from ferray.sweeps.gpu_sharing import GpuSharing
from ferray.sweeps.launcher import Launcher
from ferray.sweeps.placement import Placement
from ferray.sweeps.stage_fit import stage_problems, trainings_of
from ferray.sweeps.warm_start import find_parent
from ferray.text.counting import counted
from ferray.training.criterion import refuse_clashing_loss
from ferray.training.feature_preprocessing import num_empty
from ferray.training.inputs import open_inputs, summarise_trial
from ferray.training.sample_weights import refuse_shaped_loss

Progress = Callable[[str, int, int], None]  # what, done, total
OnFound = Callable[[DataSummary], None]
Places = Callable[[TrialConfig], DataPlace]
Chosen = Callable[[Launcher, Sequence[TrialConfig]], object]


@dataclass(frozen=True)
class Checked:
    """What the check learnt: every corner's configuration, the data, warnings.

    `place` is what a trial gets and how many run at a time, `disk` about what they write.
    """

    configs: tuple[TrialConfig, ...]
    place: Placement
    disk: DiskNeed
    data: tuple[DataSummary, ...] = ()
    warnings: tuple[str, ...] = ()
    sharing: GpuSharing | None = None  # of GPUs, where `--gpus-per-trial auto` has found one

    def placed(self, runtime: Runtime) -> Runtime:
        """The place with what the check was to find: the GPUs of a trial, and how many trials share a worker."""
        placed = self.sharing.placed(runtime) if self.sharing else runtime
        if self.place.trials_per_worker == placed.trials_per_worker:
            return placed
        return placed.model_copy(update={"trials_per_worker": self.place.trials_per_worker})


def check_sweep(
    spec: SweepSpec,
    runtime: Runtime,
    *,
    progress: Progress | None = None,
    found: OnFound | None = None,
    chosen: Chosen | None = None,
) -> Checked:
    """Raise the first kind of problem found, cheapest first: names, numbers, folders, data, backbones, resources.

    `progress` hears of each step, with a total of 0 where it counts nothing, `found` of each data set as soon as it is
    open, whatever is wrong with what comes after, and `chosen` of the launcher that grants what trials need. Ends by
    decoding the data into its pack, so that an unreadable image is named here and not in the tenth trial, and by a
    first step of each kind of training.
    """
    tell = progress or _nobody
    tell("checking names and ranges", 0, 0)
    configs = valid_corners(spec)
    ensure_writable(runtime)
    for config in unique_by(configs, lambda config: f"{config.init_from} {config.backbone.model_dump_json()}"):
        if config.init_from:
            refuse_initial(find_parent(config.init_from, runtime.output, runtime.storage).file, config)
    every = trainings_of(configs)
    for first in unique_by([config.in_fold(0) for config in every], lambda config: config.dataset.model_dump_json()):
        what = f"bringing {first.dataset.name} from {data_root_words(runtime.data_root)}"
        ensure_data(first.dataset, runtime.data_root, runtime.cache_dir, partial(tell, what))
    known = [config for config in every if not asks_backbone_for_size(config)]
    places = places_of(spec, runtime)
    warnings = _prepare(known, places, progress)
    data = _summaries(known, places, {}, found)
    tell(f"checking resources for {runtime.launcher}", 0, 0)
    launcher: Launcher = ROOMS["launcher"].load(runtime.launcher)(runtime)
    place = launcher.check()
    if chosen is not None:
        chosen(launcher, every)
    tell("checking backbones", 0, 0)
    for config in unique_by(configs, lambda config: config.backbone.model_dump_json()):
        config.backbone.load()(config.backbone.build_params()).check()
    warnings |= _prepare(every, places, progress) | _idle_rules(configs)
    if repeats := repeats_warning(spec):
        warnings["repeats"] = repeats
    warnings |= _numbered_heads(configs, runtime)
    if varied := varied_stages_warning(spec):
        warnings["stages"] = varied
    warnings["apart"] = apart_warning(every, runtime)
    data = _summaries(every, places, data, found)
    _take_first_steps(spec, every, runtime, tell)
    num_classes = len(data[configs[0].in_fold(0).data_key].classes)
    place = _bundled(place, every, runtime, spec)
    sharing, warnings["gpus"] = _sharing(spec, every, num_classes, launcher, place, tell)
    if sharing is not None:
        place = _bundled(type(launcher)(sharing.placed(runtime)).check(), every, runtime, spec)
    known_networks = KnownNetworks(runtime.cache_dir)
    need = disk_need(configs, num_classes, runtime.output, known_networks, most=runtime.keep_best)
    warnings["disk"] = _disk_warning(spec, runtime, need, place.num_trials)
    told = tuple(dict.fromkeys(filter(None, warnings.values())))
    return Checked(tuple(configs), place, need, tuple(data.values()), told, sharing)


def _take_first_steps(spec: SweepSpec, configs: list[TrialConfig], runtime: Runtime, tell: Progress) -> None:
    """What passes begins to train; ConfigError names every network that does not, DataError what a fold lacks."""
    shapes = split_every_fold(configs, places_of(spec, runtime), partial(tell, "splitting as each strategy asks"))
    problems = try_networks(configs, shapes, runtime, partial(tell, "trying networks for a step"))
    problems += stage_problems(configs, shapes)
    if problems:
        raise problems_error(f"space `{spec.name}`", problems)


def _bundled(place: Placement, configs: list[TrialConfig], runtime: Runtime, spec: SweepSpec) -> Placement:
    """The place with as many trials a worker as are to train together there."""
    return replace(place, trials_per_worker=trials_together(configs, runtime, spec, slots=place.slots))


def _sharing(
    spec: SweepSpec,
    configs: list[TrialConfig],
    num_classes: int,
    launcher: Launcher,
    place: Placement,
    tell: Progress,
) -> tuple[GpuSharing | None, str]:
    """What trials have of a GPU, where that is to be measured, and a warning where it cannot be.

    `place` has a whole GPU for a worker, and so no fewer trials in it than one that shares will have.
    """
    runtime = launcher.runtime
    if runtime.gpus_per_trial != "auto":
        return None, ""
    places, threads = places_of(spec, runtime), runtime.cpus_per_trial
    workloads = workloads_of(configs, num_classes=num_classes, places=places, threads=threads)
    return share_gpus(launcher, place, workloads, trials=spec.budget.trials, tell=tell)


def _nobody(what: str, done: int, total: int) -> None:
    """Nobody listens."""


def _idle_rules(configs: list[TrialConfig]) -> dict[str, str]:
    """A warning for each outlier rule that has no epoch to act in, in every trial that it may come to."""
    lines: dict[str, str] = {}
    starts = [(config.outliers.name, config.outliers.params.get("start_epoch"), config.epochs) for config in configs]
    for name in sorted({name for name, start, _ in starts if isinstance(start, int)}):
        waits = [(start, epochs) for other, start, epochs in starts if other == name and isinstance(start, int)]
        if all(start > epochs for start, epochs in waits):
            start, epochs = waits[0]
            lines[f"outliers {name}"] = (
                f"`{name}` starts at epoch `{start}`, trials have `{epochs}`: it removes nothing"
            )
    return lines | _idle_switches(configs)


def _idle_switches(configs: list[TrialConfig]) -> dict[str, str]:
    """A warning for early stopping and for gradual unfreezing that every trial which has it is too short for."""
    patience = [(config.early_stopping.patience, config.epochs) for config in configs if config.early_stopping]
    joining = [(config.unfreeze.every_epochs, config.epochs) for config in configs if config.unfreeze]
    lines: dict[str, str] = {}
    if patience and all(waits + 2 > epochs for waits, epochs in patience):
        waits, epochs = patience[0]
        lines["early_stopping"] = f"`early_stopping` waits for `{waits}` epochs, trials have `{epochs}`: it ends none"
    if joining and all(every >= epochs for every, epochs in joining):
        every, epochs = joining[0]
        lines["unfreeze"] = (
            f"`unfreeze` lets a stage join every `{every}` epochs, trials have `{epochs}`: the head alone is trained"
        )
    return lines


def _numbered_heads(configs: list[TrialConfig], runtime: Runtime) -> dict[str, str]:
    """A warning for each checkpoint whose head is kept though its classes have no names."""
    lines: dict[str, str] = {}
    for config in configs:
        if config.init_from and config.init_from not in lines:
            path = find_parent(config.init_from, runtime.output, runtime.storage).file
            classes = open_dataset(config.dataset, runtime.data_root, runtime.cache_dir).listing.classes
            lines[config.init_from] = numbered_head(path, config, classes)
    return {f"head {name}": line for name, line in lines.items() if line}


def _disk_warning(spec: SweepSpec, runtime: Runtime, need: DiskNeed, slots: int) -> str:
    """What checkpoints may fill; nothing of them lies here where results go to an address."""
    folder = runtime.output / spec.name
    if sweep_address(folder) is not None:
        return ""
    warning = need.warning(runtime.output, max(0, spec.budget.trials - num_kept(folder)), slots)
    if warning and runtime.keep_best is None and not spec.published:
        warning += f"; `--keep best={FEW}` keeps those of the best alone"
    return warning


def valid_corners(spec: SweepSpec) -> list[TrialConfig]:
    """The configuration at every corner of the space; ConfigError lists what is wrong with any of them."""
    problems = corner_problems(spec)
    if problems:
        raise problems_error(f"space `{spec.name}`", problems)
    configs = [config for _, config in corners(spec) if isinstance(config, TrialConfig)]
    for config in trainings_of(configs):
        refuse_mismatch(config)
        if config.estimator.name != "none":
            refuse_shaped_loss(config)
        refuse_clashing_loss(config)
    return configs


def ensure_writable(runtime: Runtime) -> None:
    """ConfigError where the output or the cache folder cannot be written; one that is missing is not made."""
    if (address := address_of(runtime.output)) is not None:
        probe = file_at(f"{address}/ferray-probe-{secrets.token_hex(8)}")
        with writing(address, ConfigError, "look at its name, the rights of your credentials, and the network"):
            probe.files.append(probe.name, b"")
            probe.files.delete(probe.name)
    for folder, option in ((runtime.output, "--output"), (runtime.cache_dir, "FERRAY_CACHE")):
        with writing(folder, ConfigError, f"choose another with `{option}`", noun="the folder"):
            made = hidden_beside(nearest_existing(folder) / "probe")
            made.mkdir()  # below a file it fails as the folder would
            made.rmdir()


def _prepare(configs: list[TrialConfig], places: Places, progress: Progress | None) -> dict[str, str]:
    """Decode and describe what trials will see; a warning by data set (as JSON) of which not all is as it came."""
    warnings: dict[str, str] = {}
    for config in unique_by(configs, _preparation):
        what = _what_is_done(config)
        report = (lambda done, total, what=what: progress(what, done, total)) if progress else None
        first = config.in_fold(0)  # a trial of folds never sees the split that its data set has without them
        splits = open_inputs(first, places(config), progress=report)
        told = _skipped_and_filled(config, splits)
        if told:
            warnings[config.dataset.model_dump_json()] = told
    return warnings


def _summaries(
    configs: list[TrialConfig], places: Places, known: dict[str, DataSummary], found: OnFound | None
) -> dict[str, DataSummary]:
    """What each data set holds, by the splits that a trial sees, of folds the first; those of `known` come first.

    ConfigError for a list that leaves out nothing, since it is of another data set.
    """
    firsts = {config.data_key: config for config in reversed([config.in_fold(0) for config in configs])}
    summaries = dict(known)
    for key, config in reversed(firsts.items()):
        if key not in summaries:
            summaries[key] = summarise_trial(config, places(config))
            _refuse_idle_list(summaries[key], places(config))
            if found:
                found(summaries[key])
    _refuse_other_judges(firsts.values(), summaries)
    return summaries


def _refuse_other_judges(configs: Iterable[TrialConfig], summaries: dict[str, DataSummary]) -> None:
    """ConfigError where lists take other images out of validation in some trials than in others: they would be ranked
    together by values that do not compare.
    """
    judged_on: dict[str, str] = {}
    for config in configs:
        data = f"{config.dataset.model_dump_json()} {config.limit_per_class}"
        val = summaries[f"{data} {config.exclude}"].splits[1].digest
        if judged_on.setdefault(data, val) != val:
            message = f"the lists of `exclude` leave other validation images of `{config.dataset.name}` to some trials"
            raise ConfigError(message, "give every arm one such list, or run each in a sweep of its own")


def _refuse_idle_list(summary: DataSummary, place: DataPlace) -> None:
    left_out = summary.left_out
    if left_out is not None and left_out.num_unmatched == left_out.num_listed:
        whole = counted(left_out.num_listed, "sample")
        message = f"`{place.exclude}` lists {whole}, of which no split has any"
        raise ConfigError(message, f"`exclude` takes the list of `{summary.dataset}` as it is split here")


def places_of(spec: SweepSpec, runtime: Runtime) -> Places:
    """Where each configuration of a space finds its data; a list that nobody gives again is the sweep's own copy."""

    def place(config: TrialConfig) -> DataPlace:
        given = spec.lists.get(config.exclude or "")
        kept = kept_list(runtime.output / spec.name, config.exclude)
        return DataPlace(runtime.data_root, runtime.cache_dir, Path(given) if given else kept)

    return place


def data_identity(summary: DataSummary) -> DataIdentity:
    """What the study keeps of a data set, to tell later whether trials are still judged on the same images."""
    train, val, _ = summary.splits
    return DataIdentity(summary.key, summary.dataset, train.digest, train.total, val.digest, val.total)


def _preparation(config: TrialConfig) -> str:
    """What decides the packed inputs of a trial, as text."""
    described = [config.descriptor.model_dump_json(), config.pixels.grey] if describes_images(config) else []
    return f"{config.dataset.model_dump_json()} {image_size(config)} {described}"


def _what_is_done(config: TrialConfig) -> str:
    if describes_images(config):
        return f"describing images of {config.dataset.name} at {image_size(config)} px by {config.descriptor.name}"
    return f"decoding images of {config.dataset.name}" + (f" at {image_size(config)} px" if image_size(config) else "")


def _skipped_and_filled(config: TrialConfig, splits: Splits) -> str:
    """What was left out and what was filled in, "" where neither was needed."""
    was_asked = splits.skipped is not None and not splits.skipped.is_known
    told = [splits.skipped.sentence(config.dataset.name)] if splits.skipped and was_asked else []
    empty = sum(map(num_empty, (splits.train, splits.val))) if holds_features(config) else 0
    if empty:
        told.append(
            f"{counted(empty, 'empty cell')} of `{config.dataset.name}` filled with the median of the training split"
        )
    return "; ".join(told)
