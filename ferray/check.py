"""The pre-flight check: what would make trials fail is said in seconds, before Ray starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ferray.config.corners import corner_problems, corners
from ferray.config.load import problems_error
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.data.pack import ensure_data, open_splits
from ferray.errors import ConfigError
from ferray.parents import find_parent
from ferray.registry import ROOMS

Progress = Callable[[str, int, int], None]  # what, done, total


@dataclass(frozen=True)
class Checked:
    """What the check learnt: every corner's configuration, the sides in pixels that trials will see, and warnings."""

    configs: tuple[TrialConfig, ...]
    image_sizes: tuple[int, ...]
    warnings: tuple[str, ...] = ()


def check_sweep(spec: SweepSpec, runtime: Runtime, *, progress: Progress | None = None) -> Checked:
    """Raise the first kind of problem found, cheapest first: names, numbers, folders, data, backbones, resources.

    Ends by decoding the data into its pack, so that an unreadable image is named here and not in the tenth trial.
    """
    configs = valid_corners(spec)
    ensure_writable(runtime)
    for reference in sorted({config.init_from for config in configs if config.init_from}):
        find_parent(reference, runtime.output, runtime.storage)
    for dataset in unique_by(configs, lambda config: config.dataset.model_dump_json()):
        ensure_data(dataset.dataset, runtime.data_root)
    fixed = {config.image_size for config in configs if config.image_size is not None}
    skipped = _pack(configs, runtime, fixed, progress)
    ROOMS["launcher"].load(runtime.launcher)(runtime).check()
    for config in unique_by(configs, lambda config: config.backbone.model_dump_json()):
        config.backbone.load()(config.backbone.build_params()).check()
    sizes = {image_size(config) for config in configs}
    skipped = _pack(configs, runtime, sizes - fixed, progress) | skipped
    return Checked(tuple(configs), tuple(sorted(sizes)), tuple(skipped.values()))


def valid_corners(spec: SweepSpec) -> list[TrialConfig]:
    """The configuration at every corner of the space; ConfigError lists what is wrong with any of them."""
    problems = corner_problems(spec)
    if problems:
        raise problems_error(f"space `{spec.name}`", problems)
    return [config for _, config in corners(spec) if isinstance(config, TrialConfig)]


def ensure_writable(runtime: Runtime) -> None:
    """ConfigError where the output or the cache folder cannot be written."""
    for folder, option in ((runtime.output, "--output"), (runtime.cache_dir, "FERRAY_CACHE")):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".ferray-probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ConfigError(
                f"the folder `{folder}` cannot be written: {error.strerror}", f"choose another with `{option}`"
            ) from error


def image_size(config: TrialConfig) -> int:
    """The side in pixels at which this trial sees its images: its own setting, else its backbone's."""
    if config.image_size is not None:
        return config.image_size
    size: int = config.backbone.load()(config.backbone.build_params()).input_spec().image_size
    return size


def unique_by(configs: list[TrialConfig], key: Callable[[TrialConfig], str]) -> list[TrialConfig]:
    """The first configuration of each key, in order."""
    return list({key(config): config for config in reversed(configs)}.values())[::-1]


def _pack(configs: list[TrialConfig], runtime: Runtime, sizes: set[int], progress: Progress | None) -> dict[str, str]:
    """Decode what trials will see; a warning for each data set (as JSON) of which bad samples were left out."""
    warnings: dict[str, str] = {}
    for dataset in unique_by(configs, lambda config: config.dataset.model_dump_json()):
        for size in sorted(sizes):
            what = f"decoding {dataset.dataset.name} at {size} px"
            report = (lambda done, total, what=what: progress(what, done, total)) if progress else None
            splits = open_splits(
                dataset.dataset,
                size=size,
                limit_per_class=dataset.limit_per_class,
                data_root=runtime.data_root,
                cache_dir=runtime.cache_dir,
                progress=report,
            )
            if splits.skipped:
                warnings[dataset.dataset.model_dump_json()] = splits.skipped.warning(dataset.dataset.name)
    return warnings
