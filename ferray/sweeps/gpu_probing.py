"""What `--gpus-per-trial auto` measures before a sweep: its kinds of training, on the GPUs that the launcher names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ferray.config.modality import image_size, trains_on_features
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload, heaviest
from ferray.errors import ClusterError
from ferray.sweeps.gpu_packing import Progress
from ferray.sweeps.gpu_sharing import GpuSharing, find_sharing
from ferray.sweeps.launcher import Launcher
from ferray.sweeps.placement import Placement
from ferray.training.inputs import open_inputs

Places = Callable[[TrialConfig], DataPlace]


def share_gpus(
    launcher: Launcher, place: Placement, workloads: Sequence[Workload], *, trials: int, tell: Progress
) -> tuple[GpuSharing | None, str]:
    """What trials are to have of a GPU, None for a whole one or none, and a warning where that could not be found.

    `place` is what a worker has where none is shared.
    """
    runtime = launcher.runtime.model_copy(update={"trials_per_worker": place.trials_per_worker})
    try:
        with launcher.shared_gpus(partial(_say, tell)) as gpus:
            sharing = find_sharing(workloads, gpus, runtime, trials=trials, tell=tell)
            return sharing, "" if gpus else _nothing_to_share(place)
    except ClusterError as error:
        return None, f"`--gpus-per-trial auto` gives each trial a whole GPU: {error.message}"


def _nothing_to_share(place: Placement) -> str:
    """One at a time has what there is, and a node that is yet to come cannot be measured."""
    if place.gpus:
        return "`--gpus-per-trial auto` finds no GPU that trials could share: each has a whole one"
    return "`--gpus-per-trial auto` finds no GPU: trials train without one"


def workloads_of(configs: Sequence[TrialConfig], *, num_classes: int, places: Places, threads: int) -> list[Workload]:
    """The heaviest training of each backbone of a space, from its corners; none for what a GPU has no part in."""
    return heaviest(list(_workloads(configs, num_classes, places, threads)))


def _workloads(configs: Sequence[TrialConfig], num_classes: int, places: Places, threads: int) -> Iterator[Workload]:
    for config in configs:
        if config.estimator.name == "none":
            length = _length_of_row(config, places) if trains_on_features(config) else None
            size = image_size(config)
            yield Workload.of(config, image_size=size, num_classes=num_classes, num_inputs=length, threads=threads)


def _length_of_row(config: TrialConfig, places: Places) -> int | None:
    first = config.in_fold(0)
    rows = open_inputs(first, places(first)).train.features
    return None if rows is None else int(rows.shape[1])


def _say(tell: Progress, line: str) -> None:
    tell(line, 0, 0)
