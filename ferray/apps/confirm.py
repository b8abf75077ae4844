"""`ferray.confirm` and its command: finalists of a search trained anew, judged on the test split, and compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from ferray.apps.confirm_plan import Trainings
from ferray.apps.confirm_request import ConfirmRequest, request_confirmation
from ferray.apps.listener_group import ListenerGroup, listeners_of
from ferray.apps.options import ConfirmOptions, known_options
from ferray.apps.recorded import SweepWords, words_of
from ferray.apps.sweep import plan_request, run_request
from ferray.config.place import DataPlace, is_sweep
from ferray.config.space import ARM
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.track.console import Console

if TYPE_CHECKING:
    from ferray.results.confirmation import Confirmation
    from ferray.sweeps.plan import Plan


def confirm(sweep: SweepWords, **options: Unpack[ConfirmOptions]) -> Confirmation | None:
    """Train the best recipes of a search anew with fresh seeds, judge each by the test split once, and compare them.

    `sweep` is the search, by name, by its folder, or as `ferray.load` gives it. The options are the words of
    `ferray confirm`; see `ConfirmOptions`. The same call goes on where it stopped. That the test split is read is in
    the store of the search before it is. Scores, intervals and differences are fractions in [0, 1]; the `n` of each
    row counts test images. None where the time budget was spent before all trainings had ended.

    Raises ConfigError for what cannot be asked, DataError where the data is missing, SweepFailed where nothing
    completed, ClusterError where the machines do not give what is needed; KeyboardInterrupt once all is written.
    """
    asked = known_options(options, ConfirmOptions, "ferray.confirm")
    listeners = listeners_of(asked, lambda: Console(Path()))
    request = request_confirmation(words_of(sweep), asked, ListenerGroup(listeners))
    return run_confirmation(request, listeners)


def plan_confirmation(request: ConfirmRequest, listeners: Sequence[Listener]) -> Plan:
    """Check, and refuse whatever a start would: the plan of the trainings that are still to come."""
    _refuse_other_images(request)
    plan, _ = plan_request(request.sweep, listeners)
    return plan


def run_confirmation(request: ConfirmRequest, listeners: Sequence[Listener]) -> Confirmation | None:
    """Train what is not trained yet, judge what is not judged yet, and write what was found.

    None where the time budget was spent before all trainings had ended. SweepFailed where none completed.
    """
    audience = ListenerGroup(listeners)
    _refuse_other_images(request)
    with _begun(request.trainings):
        record = run_request(request.sweep, listeners)
    from ferray.apps.confirm_judge import judge_finalists

    return judge_finalists(request, record, audience)


def _refuse_other_images(request: ConfirmRequest) -> None:
    """ConfigError where arms differ by what decides their test images, and have others; before hours are spent."""
    spec, runtime = request.sweep.spec, request.runtime
    configs = {arm: spec.config(lambda name, _, arm=arm: {ARM: arm}.get(name, 0)) for arm in spec.arms}
    if len({config.data_key for config in configs.values()}) < 2:
        return
    from ferray.training.inputs import summarise_trial

    digests = {}
    for arm, config in configs.items():
        kept = Path(spec.lists[config.exclude]) if config.exclude else None
        summary = summarise_trial(config, DataPlace(runtime.data_root, runtime.cache_dir, kept))
        digests[arm] = next(split.digest for split in summary.splits if split.name == "test")
    (first, digest), *others = digests.items()
    for arm, other in others:
        if other != digest:
            message = f"`{arm}` would be judged on other images than `{first}`: they do not compare"
            raise ConfigError(message, "confirm recipes of one split, whose lists leave out the same test images")


@contextmanager
def _begun(trainings: Trainings) -> Iterator[None]:
    """The folder of the trainings with what they are of; gone again where the sweep in it does not begin."""
    trainings.remember()
    try:
        yield
    finally:
        if not is_sweep(trainings.folder):
            with suppress(OSError):
                shutil.rmtree(trainings.folder)
